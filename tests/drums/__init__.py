"""A drum hit as it is written in the book: recursions, sample by sample, in float64."""

import math

import numpy as np

from ddsp_pi.dsp.snare import drum_noise
from ddsp_pi.dsp.snare_params import HIGH, LOW, NAMES, from_norms
from ddsp_pi.frame import HOP, SAMPLE_RATE


def values(**named):
    """(14,) of one quiet part alone: what is not named is short and at the lowest gain."""
    base = dict.fromkeys(("mod_decay", "osc1_decay", "osc2_decay", "noise_decay"), 10.0)
    base |= dict.fromkeys(("osc1_gain", "osc2_gain", "noise_gain"), -60.0)
    base |= {"osc1_freq": 500.0, "osc2_freq": 500.0, "osc1_mod": 0.0, "osc2_mod": 0.0}
    base |= {"noise_highpass": 1000.0, "noise_q": 0.7, "drive": -24.0} | named
    return tuple(base[name] for name in NAMES)


def random_values(seed, count=1):
    """(count, 14) anywhere between the ends of the knobs."""
    return from_norms(np.random.default_rng(seed).uniform(0.0, 1.0, (count, len(NAMES))))


def corner_values(seed, count=1):
    """(count, 14) with every knob at one of its ends."""
    ends = np.random.default_rng(seed).integers(0, 2, (count, len(NAMES)))
    return np.where(ends, HIGH, LOW)


def recursive_envelope(decay_ms, samples):
    gain, rest = 0.0, 10.0 ** (-3.0 / (decay_ms * SAMPLE_RATE / 1000.0))
    out = np.empty(samples)
    for i in range(samples):
        gain = (i + 1) / 48 if i < 48 else gain * rest
        out[i] = gain
    return out


def biquad_highpass(signal, freq, q):
    """The cookbook's biquad (R. Bristow-Johnson)."""
    w = 2.0 * math.pi * min(freq, 23_500.0) / SAMPLE_RATE
    alpha, cosine = math.sin(w) / (2.0 * q), math.cos(w)
    b0 = (1.0 + cosine) / 2.0 / (1.0 + alpha)
    a1, a2 = -2.0 * cosine / (1.0 + alpha), (1.0 - alpha) / (1.0 + alpha)
    x1 = x2 = y1 = y2 = 0.0
    out = []
    for x in signal.tolist():
        y = b0 * (x - 2.0 * x1 + x2) - a1 * y1 - a2 * y2
        x2, x1, y2, y1 = x1, x, y1, y
        out.append(y)
    return np.array(out)


def recursive_hit(hit, samples=SAMPLE_RATE, place=0):
    """(samples,) of a hit, from its strike on; never ended."""
    named = dict(zip(NAMES, map(float, hit), strict=True))
    bend, total = recursive_envelope(named["mod_decay"], samples), 0.0
    for osc in ("osc1", "osc2"):
        cycles = named[f"{osc}_freq"] * (1.0 + named[f"{osc}_mod"] * bend) / SAMPLE_RATE
        phase = np.concatenate([[0.0], np.cumsum(cycles)[:-1]])
        sine = np.sin(2.0 * np.pi * phase) * recursive_envelope(named[f"{osc}_decay"], samples)
        total = total + 10.0 ** (named[f"{osc}_gain"] / 20.0) * sine
    noise = drum_noise()[(place + np.arange(samples)) % len(drum_noise())].astype(np.float64)
    noise = biquad_highpass(
        noise * recursive_envelope(named["noise_decay"], samples), named["noise_highpass"], named["noise_q"]
    )
    total = total + 10.0 ** (named["noise_gain"] / 20.0) * noise
    return np.tanh(10.0 ** (named["drive"] / 20.0) * total)


def play(snare, samples, sizes=(HOP,)):
    """(samples,) rendered in pieces of the sizes, over and over."""
    parts, done, turn = [], 0, 0
    while done < samples:
        n = min(sizes[turn % len(sizes)], samples - done)
        parts.append(snare.render(n).copy())
        done, turn = done + n, turn + 1
    return np.concatenate(parts)


def hit_of(snare, hit, samples=SAMPLE_RATE, sizes=(HOP,)):
    """(samples,) of one hit alone."""
    snare.hits.strike(hit)
    return play(snare, samples, sizes)


def pad(times_s, seconds, levels_db=(0.0,), seed=1):
    """(n,) hits on a rubber pad: 20 ms of noise each, over a faint floor."""
    rng = np.random.default_rng(seed)
    audio = 1e-5 * rng.standard_normal(round(seconds * SAMPLE_RATE))
    for turn, time_s in enumerate(times_s):
        at = round(time_s * SAMPLE_RATE)
        hit = rng.standard_normal(2400) * np.exp(-np.arange(2400) / 250.0)
        hit *= 0.2 * 10.0 ** (levels_db[turn % len(levels_db)] / 20.0)
        audio[at : at + 2400] += hit[: len(audio) - at]
    return audio.astype(np.float32)
