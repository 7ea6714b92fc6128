"""Timbre transfer: a sung phrase keeps its melody and its loudness through any instrument."""

import numpy as np
import pytest

from ddsp_pi.models.library import SHIPPED
from ddsp_pi.modes.tables import fits
from tests.cross.judging import Sound, moved, tune
from tests.cross.voices import VOICES
from tests.crossing import crossed, instrument
from tests.singing import recorded

LAG_MS = 11.0
"""By which the pitch that is played follows the one that is sung."""

IN_TUNE, OCTAVES_OFF, LOUDNESS = 0.95, 0.01, 0.9
INSTRUMENTS = sorted(path.stem for path in SHIPPED.glob("*.onnx") if fits("cross", path))


@pytest.fixture(scope="module", params=VOICES, ids=lambda path: path.stem)
def sung(request):
    return Sound(recorded(request.param, 5.0))


def through(sung, name):
    """What the instrument alone makes of it, in its own register as a singer would set it."""
    f0_hz, voiced = sung.pitch
    lowest_hz = instrument(name).card.pitch_range_hz.low
    shift = 12.0 if np.percentile(f0_hz[voiced], 5) < lowest_hz else 0.0
    made = crossed(sung.audio, name, seconds=0.1, model_mix=1.0, pitch_shift=shift)
    return tune(sung, Sound(moved(made, LAG_MS, len(sung.audio))), shift)


def test_the_violin_plays_the_tune(sung):
    kept = through(sung, "violin")
    print(kept)
    assert kept.frames > 100
    assert kept.in_tune >= IN_TUNE, kept
    assert kept.octaves_off < OCTAVES_OFF, kept
    assert kept.loudness >= LOUDNESS, kept


@pytest.mark.parametrize("name", [name for name in INSTRUMENTS if name != "violin"])
def test_every_instrument_plays_the_tune(name):
    kept = through(Sound(recorded(VOICES[1], 4.0)), name)
    print(kept)
    assert kept.in_tune >= IN_TUNE, kept
    assert kept.octaves_off < OCTAVES_OFF, kept
    assert kept.loudness >= LOUDNESS, kept
