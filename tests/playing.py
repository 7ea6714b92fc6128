"""Ways to play in tests: a decoder that needs no file, and an engine driven by hand."""

import math

import numpy as np

from ddsp_pi.engine.loop import Engine, block_window
from ddsp_pi.frame import SAMPLE_RATE, ControlFrame, Edge
from ddsp_pi.models.card import Spectrum
from ddsp_pi.models.decoder import StaticDecoder
from ddsp_pi.modes.cv import CvMode

SPECTRUM = Spectrum((40.0, 1000.0, 20_000.0), (0.0, -2.0, -6.0), (-7.0,) * 65)
PURE = Spectrum((40.0, 20_000.0), (0.0, -5.0), (-30.0,) * 65)


def static(spectrum=SPECTRUM, n_harmonics=40):
    return StaticDecoder(spectrum, n_harmonics, 65)


def ns(seconds):
    return round(seconds * 1e9)


def gate(*times_s):
    """Edges of gate 1 that alternate, beginning with high."""
    return tuple(Edge(1, i % 2 == 0, ns(t)) for i, t in enumerate(times_s))


def engine(mode=None, edges=(), notes=(), drive=None):
    """An engine whose cables are `edges`, `notes` and `drive(params, seconds)`."""
    mode = mode or CvMode(static())

    def controls(first, n):
        start, end = block_window(first, n)
        if drive:
            drive(mode.params, (first + n) / SAMPLE_RATE)
        within = [tuple(e for e in events if start <= e.at_ns < end) for events in (edges, notes)]
        return ControlFrame(start, (math.nan,) * 6, *within)

    return Engine(mode, controls)


def play(engine, seconds, block=128):
    out = np.empty(round(seconds * SAMPLE_RATE), np.float32)
    for at in range(0, len(out), block):
        engine.render(out[at : at + block])
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
