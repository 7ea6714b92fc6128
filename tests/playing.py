"""Ways to play in tests: a decoder that needs no file, and an engine driven by hand."""

import math

import numpy as np

from ddsp_pi.engine.loop import Engine
from ddsp_pi.engine.parts import Part
from ddsp_pi.frame import SAMPLE_RATE, Edge
from ddsp_pi.models.card import Spectrum
from ddsp_pi.models.decoder import StaticDecoder
from ddsp_pi.modes.cv import CvMode

SPECTRUM = Spectrum((40.0, 1000.0, 20_000.0), (0.0, -2.0, -6.0), (-7.0,) * 65)
PURE = Spectrum((40.0, 20_000.0), (0.0, -5.0), (-30.0,) * 65)


def static(spectrum=SPECTRUM, n_harmonics=40, voices=1):
    return StaticDecoder(spectrum, n_harmonics, 65, voices)


def ns(seconds):
    return round(seconds * 1e9)


def gate(*times_s, number=1):
    """Edges of a gate that alternate, beginning with high."""
    return tuple(Edge(number, i % 2 == 0, ns(t)) for i, t in enumerate(times_s))


class Script:
    """Cables and keys written down beforehand."""

    def __init__(self, events):
        self._events = sorted(events, key=lambda event: event.at_ns)
        self.at_ns = 0

    def volts(self, at_ns):
        self.at_ns = at_ns
        return (math.nan,) * 6

    def events(self, until_ns):
        due = [event for event in self._events if event.at_ns < until_ns]
        del self._events[: len(due)]
        return due


def engine(mode=None, edges=(), notes=(), drive=None):
    """An engine whose cables are `edges`, `notes` and `drive(params, seconds)`, asked at the end of a hop."""
    mode, script = mode or CvMode(static()), Script((*edges, *notes))

    def driven(volts):
        if drive:
            drive(mode.params, script.at_ns / 1e9)

    return Engine(Part(mode, driven), script)


def play(engine, seconds, block=128):
    out = np.empty(round(seconds * SAMPLE_RATE), np.float32)
    for at in range(0, len(out), block):
        engine.render(out[at : at + block])
    return out


def sing(engine, heard, block=128, seconds=0.0):
    """What comes out while `heard` comes in, and for so long after it."""
    heard = np.concatenate([heard, np.zeros(round(seconds * SAMPLE_RATE))]).astype(np.float32)
    out = np.empty(len(heard), np.float32)
    for at in range(0, len(out), block):
        engine.render(out[at : at + block], heard[at : at + block])
    return out


def pitch_of(audio, near_hz):
    """Frequency of the strongest partial within a semitone and a half of `near_hz`, to 0.01 cents."""
    window = np.blackman(len(audio))
    size = 1 << 20
    spectrum = np.abs(np.fft.rfft(audio.astype(np.float64) * window, size))
    frequencies = np.fft.rfftfreq(size, 1 / SAMPLE_RATE)
    inside = np.abs(np.log2(np.maximum(frequencies, 1.0) / near_hz)) < 1.5 / 12
    peak = np.flatnonzero(inside)[np.argmax(spectrum[inside])]
    before, at, after = np.log(spectrum[peak - 1 : peak + 2])
    return (peak + 0.5 * (before - after) / (before - 2 * at + after)) * SAMPLE_RATE / size
