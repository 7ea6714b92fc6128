"""Plain float64 definitions that the fast code is judged by."""

import numpy as np

from ddsp_pi.dsp.envelope import GAIN, OPEN, PHASE, SUSTAIN
from ddsp_pi.frame import HOP, SAMPLE_RATE


def decibels(error, signal):
    return 10.0 * np.log10(np.sum(np.square(error)) / np.sum(np.square(signal)) + 1e-30)


def sum_of_sines(f0_hz, amplitudes):
    """Harmonics with amplitudes (hops + 1, K) linear inside hops, f0 (samples,), all in float64."""
    phase = np.concatenate([[0.0], np.cumsum(f0_hz[:-1] / SAMPLE_RATE)])
    numbers = np.arange(1, amplitudes.shape[1] + 1)
    out = np.zeros(len(f0_hz))
    for hop in range(len(f0_hz) // HOP):
        at = slice(hop * HOP, (hop + 1) * HOP)
        ramp = np.arange(HOP)[:, None] / HOP
        level = amplitudes[hop] * (1.0 - ramp) + amplitudes[hop + 1] * ramp
        level = level * (numbers * f0_hz[at, None] < SAMPLE_RATE / 2)
        out[at] = (level * np.sin(2.0 * np.pi * numbers * phase[at, None])).sum(axis=1)
    return out


def blocks(total, sizes):
    """Slices that cut `total` samples into blocks of cycling sizes that also end at every hop."""
    at, turn = 0, 0
    while at < total:
        left = min(sizes[turn % len(sizes)], total - at)
        while left:
            n = min(left, HOP - at % HOP)
            yield slice(at, at + n)
            at, left = at + n, left - n
        turn += 1


def glide(low, high, hops):
    """(hops · HOP + 1,) Hz, in straight lines from hop to hop."""
    knots = low * (high / low) ** (np.arange(hops + 1) / hops)
    return np.interp(np.arange(hops * HOP + 1), np.arange(hops + 1) * HOP, knots)


def open_gates(synth):
    """All voices of a synthesizer at full gain and level 1."""
    synth.controls.level[:] = 1.0
    for row in synth.controls.envelopes.table:
        row[GAIN], row[PHASE], row[SUSTAIN] = 1.0, OPEN, 1.0


def play_hops(synth, f0_hz, harmonics, noise, sizes=(HOP,)):
    """One voice at full gain, pitches (hops · HOP + 1,), spectra (hops + 1, …) as the ends of hops."""
    controls, out = synth.controls, np.empty(len(f0_hz) - 1, np.float32)
    open_gates(synth)
    for at in blocks(len(out), sizes):
        hop, begin = divmod(at.start, HOP)
        controls.f0_hz[:, 0] = f0_hz[[at.start, (hop + 1) * HOP]]
        controls.harmonics[:, 0], controls.noise[:, 0] = harmonics[hop : hop + 2], noise[hop : hop + 2]
        out[at] = synth.render(begin, at.stop - at.start)
    return out
