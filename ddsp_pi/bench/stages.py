"""The stages of a block, each on its own, with every voice sounding."""

from collections.abc import Iterator

import numpy as np

from ddsp_pi.bench.timing import Act
from ddsp_pi.dsp.choice import make_synth
from ddsp_pi.dsp.envelope import OPEN
from ddsp_pi.dsp.output import make_output
from ddsp_pi.dsp.synthesis import Synth
from ddsp_pi.frame import HOP
from ddsp_pi.models.bundle import Instrument
from ddsp_pi.models.decoder import Decoder

LOW_HZ, HIGH_HZ = 220.0, 440.0
"""A hundred harmonics below Nyquist, and half as many."""

LOUDNESS_DB = -20.0

DECODER, HOP_BEGINS, LOW, HIGH, OUTPUT, BLOCK, ALL_CABLES, STYLE, CROSS, DRUMS = (
    "decoder step",
    "begin hop",
    "synth at 220 Hz",
    "synth at 440 Hz",
    "output stage",
    "whole block",
    "block, six cables",
    "block, mode style",
    "block, mode cross",
    "block, mode drums",
)

PARTS_OF_A_BLOCK = (DECODER, HOP_BEGINS, LOW, OUTPUT)
"""Stages of a whole block; what else it takes is control."""


def stages(instrument: Instrument, voices: int) -> Iterator[tuple[str, Act, Act]]:
    """Name, what is timed and what comes before it untimed, for the kernel that is chosen now.

    In the order of a block, and to be timed in it: alone, with warm caches, each takes half as long.
    """
    decoder = instrument.decoder(voices)
    card = instrument.card
    synths = [_sounding(decoder, voices, hz) for hz in (LOW_HZ, HIGH_HZ)]
    f0_hz, loudness_db = [LOW_HZ] * voices, [LOUDNESS_DB] * voices
    output, block, sound = make_output(), np.empty(HOP, np.float32), _sound()
    begun = make_synth(voices, card.n_harmonics, card.n_bands)

    def fill() -> None:
        block[:] = sound

    def nothing() -> None:
        return None

    yield DECODER, lambda: decoder.step(f0_hz, loudness_db), nothing
    yield HOP_BEGINS, begun.begin_hop, nothing
    yield LOW, lambda: synths[0].render(0, HOP), nothing
    yield OUTPUT, lambda: output.process(block), fill
    yield HIGH, lambda: synths[1].render(0, HOP), nothing


def _sounding(decoder: Decoder, voices: int, f0_hz: float) -> Synth:
    """A synthesizer in the middle of a held chord of what the decoder answers."""
    synth = make_synth(voices, decoder.n_harmonics, decoder.n_bands)
    controls = synth.controls
    controls.envelopes.table[:, :2] = 1.0, OPEN
    controls.f0_hz[:] = f0_hz * (1.0 + 0.004 * np.arange(voices))
    controls.level[:] = 0.1
    decoder.answer_into(*controls.asked)
    for _ in range(2):
        decoder.step(controls.f0_hz[0].tolist(), [LOUDNESS_DB] * voices)
        synth.begin_hop()
    return synth


def _sound() -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    """(HOP,) samples of a level at which the limiter has nothing to do, as nearly always."""
    return np.asarray(0.3 * np.sin(2.0 * np.pi * np.arange(HOP) / HOP * 3.0), np.float32)
