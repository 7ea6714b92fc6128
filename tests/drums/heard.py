"""Mode drums as it is built to play: what it makes of what it hears, and when."""

import msgspec
import numpy as np

from ddsp_pi.app import build
from ddsp_pi.config import load_config
from ddsp_pi.dsp.drum_presets import DRUM_PRESETS
from ddsp_pi.dsp.snare_params import NAMES
from ddsp_pi.frame import SAMPLE_RATE
from ddsp_pi.modes.drum_mapping import MapperDecoder
from tests.drums import values
from tests.playing import Script, sing

BLOCK = 16 * 128
"""Samples: those of `render`."""

TICK = dict(zip(NAMES, values(noise_gain=6.0), strict=True)) | {"sensitivity": 0.0}
"""A drum that is over before the next stroke of any roll: when it sounds, it was struck."""

APART = 48
"""Samples of silence between two strokes of it, at least."""


class Through:
    """An output stage that changes nothing: silence is 0, and a sound begins with its first sample."""

    peak = rejected = 0

    def process(self, out):
        return bool(np.isfinite(out).all())


def settings(model="plain", **params):
    """Mode drums as it comes but for its mapper, with some parameters set."""
    config = load_config(mode="drums")
    return msgspec.structs.replace(config, model=model, params={**config.params, **params})


def preset(name):
    """Parameters of a published drum."""
    return dict(zip(NAMES, DRUM_PRESETS[name].values, strict=True))


class Drum:
    """An engine in mode drums; what is played into it follows on what was played before."""

    def __init__(self, mapper=None, events=(), output=None, model="plain", **params):
        self.app = build(settings(model, **params), Script(events))
        self.mode = self.app.engine.parts.mode
        if mapper is not None:
            self.mode.use(MapperDecoder(mapper))
        self.app.engine._output = output or Through()

    @property
    def hits(self):
        """What rings."""
        return self.mode._sounds._playing._snare.hits

    def hears(self, audio, block=BLOCK):
        """What comes out meanwhile."""
        return sing(self.app.engine, audio, block)


def beginnings(made):
    """Samples at which a drum that is as short as TICK was struck."""
    sounding = np.flatnonzero(made)
    return sounding[np.diff(sounding, prepend=-APART) >= APART]


def silence(seconds):
    return np.zeros(round(seconds * SAMPLE_RATE), np.float32)
