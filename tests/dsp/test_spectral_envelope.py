"""The envelope against voices whose own is known, and against the way an earlier system reads it."""

import numpy as np
import pytest

from ddsp_pi.dsp.spectral_envelope import LARGEST, SpectralEnvelope
from ddsp_pi.frame import HOP, SAMPLE_RATE
from tests.voices import VOWELS, envelope, hold, picked_peaks, sing

TIMBRES = {
    "sawtooth": 1.0 / np.arange(1, 21),
    "odd partials": np.arange(1, 21) % 2 / np.arange(1, 21) + 1e-3,
    "weak first": np.r_[0.15, np.ones(9)],
    "falling fast": 10.0 ** (-np.arange(12) * 6 / 20),
}
HIGH_HZ = 5000.0


def tone(f0_hz, amplitudes):
    phase = 2 * np.pi * np.arange(LARGEST) * f0_hz / SAMPLE_RATE
    return sum(a * np.cos(k * phase + k * k) for k, a in enumerate(amplitudes, 1)).astype(np.float32)


def heard(audio, end, f0_hz):
    """The envelope of the audio before a sample."""
    past = np.zeros(LARGEST, np.float32)
    newest = audio[max(0, end - LARGEST) : end]
    past[LARGEST - len(newest) :] = newest
    made = SpectralEnvelope()
    made.hear(past, f0_hz)
    return made


def partials(made, f0_hz, ratio=1.0, n=100):
    out = np.empty(n, np.float32)
    made.sample(f0_hz, ratio, out)
    return out


def decibels(amplitudes):
    return 20.0 * np.log10(np.asarray(amplitudes) + 1e-9)


@pytest.mark.parametrize("timbre", TIMBRES)
@pytest.mark.parametrize("f0_hz", [80.0, 110.0, 196.0, 330.0, 523.0, 1000.0])
def test_partials_of_steady_tones_are_read_as_they_are(timbre, f0_hz):
    amplitudes = 0.2 * TIMBRES[timbre]
    made = heard(tone(f0_hz, amplitudes), LARGEST, f0_hz)
    off = decibels(partials(made, f0_hz, n=len(amplitudes))) - decibels(amplitudes)
    # What is 20 dB below its neighbours drowns in them.
    neighbours = np.maximum(np.r_[0.0, amplitudes[:-1]], np.r_[amplitudes[1:], 0.0])
    assert np.abs(off[amplitudes > 0.1 * neighbours]).max() < 1.0


@pytest.mark.parametrize("vowel", VOWELS)
@pytest.mark.parametrize("f0_hz", [80.0, 147.0, 220.0, 440.0])
def test_a_steady_vowel_has_its_envelope_and_does_not_tremble(vowel, f0_hz):
    audio = sing(VOWELS[vowel], hold(f0_hz))
    ends = range(SAMPLE_RATE // 5, SAMPLE_RATE // 5 + 40 * HOP, HOP)
    rows = decibels([partials(heard(audio, end, f0_hz), f0_hz) for end in ends])
    numbers = np.arange(1, 101)
    low = numbers * f0_hz < HIGH_HZ
    off = rows - decibels(envelope(VOWELS[vowel], numbers * f0_hz))
    assert np.abs(off.mean(axis=0)[low]).mean() < 0.5
    assert rows.std(axis=0)[low].mean() < 1.0


def distance(levels, formants_hz, places):
    """Log-spectral distance in dB, whatever the level."""
    off = levels - decibels(envelope(formants_hz, places))
    return np.sqrt(np.mean((off - off.mean()) ** 2))


def distances(formants_hz, path, wrong=1.0):
    """Of ours, and of the earlier system's with the newest 2048 samples at every hop: better than it had."""
    audio, found = sing(formants_hz, path), []
    for end in range(9600, len(path), 1000):
        ours_hz = wrong * path[end - round(SAMPLE_RATE / path[end - 1])]
        theirs_hz = wrong * path[end - 1024]
        places = np.arange(ours_hz, HIGH_HZ, ours_hz / 4)
        made = heard(audio, end, ours_hz)
        # Any place is the first partial of some pitch.
        ours = decibels([partials(made, place, n=1)[0] for place in places])
        theirs = picked_peaks(audio[:end], theirs_hz, places)
        found.append([distance(levels, formants_hz, places) for levels in (ours, theirs)])
    return np.mean(found, axis=0)


CASES = {
    "steady": (lambda: [hold(f0_hz) for f0_hz in (100.0, 180.0, 300.0)], 1.0, 1.1),
    "the pitch 3 percent wrong": (lambda: [hold(f0_hz) for f0_hz in (110.0, 220.0)], 1.03, 1.0),
    "gliding": (lambda: [f0_hz * 2.0 ** np.linspace(0, 1.5, 19_200) for f0_hz in (90.0, 140.0)], 1.0, 0.6),
    "vibrato": (lambda: [180.0 * 2.0 ** (np.sin(np.arange(19_200) * 8e-4) / 12.0)], 1.0, 0.8),
}


@pytest.mark.parametrize("case", CASES)
def test_it_beats_peak_picking(case):
    paths, wrong, share = CASES[case]
    each = np.array([distances(VOWELS[vowel], path, wrong) for vowel in VOWELS for path in paths()])
    ours, theirs = each.mean(axis=0)
    assert ours < share * theirs


@pytest.mark.parametrize(("f0_hz", "limit_ms"), [(55.0, 25.0), (110.0, 12.0), (220.0, 6.5), (440.0, 6.5)])
def test_a_new_vowel_is_known_soon(f0_hz, limit_ms):
    path, start = hold(f0_hz), SAMPLE_RATE // 5
    before, after = sing(VOWELS["u"], path), sing(VOWELS["i"], path)
    second = round(VOWELS["i"][1] / f0_hz)
    times = []
    for shift in np.linspace(0, SAMPLE_RATE / f0_hz, 5).astype(int):
        audio = np.where(np.arange(len(path)) < start + shift, before, after)
        ends = np.arange(start + shift, start + shift + 2400, 24)
        level = decibels([partials(heard(audio, end, f0_hz), f0_hz)[second - 1] for end in ends])
        known = np.flatnonzero(level > np.median(level[-10:]) - 3.0)[0]
        times.append(1000 * (ends[known] - start - shift) / SAMPLE_RATE)
    assert np.mean(times) < limit_ms


@pytest.mark.parametrize(
    ("ratio", "peak_hz"), [(0.5, 750), (2**-0.5, 1060), (1.0, 1500), (2**0.5, 2120), (2.0, 3000)]
)
@pytest.mark.parametrize("semitones", [-12, 0, 12])
def test_formants_go_where_they_are_sent_and_stay_there_at_any_pitch(ratio, peak_hz, semitones):
    f0_hz = 120.0
    level = 0.01 + 1.0 / (1.0 + ((np.arange(1, 150) * f0_hz - 1500.0) / 100.0) ** 2)
    made = heard(tone(f0_hz, level), LARGEST, f0_hz)
    # Read as finely as other pitches allow: the first partials of many.
    places = np.arange(400.0, 4000.0, 5.0)
    fine = [partials(made, place, ratio, n=1)[0] for place in places]
    assert places[np.argmax(fine)] == pytest.approx(peak_hz, rel=0.05)
    sung_hz = f0_hz * 2 ** (semitones / 12)
    loudest = (1 + np.argmax(partials(made, sung_hz, ratio))) * sung_hz
    assert loudest == pytest.approx(peak_hz, abs=max(0.05 * peak_hz, 0.5 * sung_hz))


def test_partials_above_nyquist_are_silent():
    made = heard(tone(1000.0, np.full(20, 0.1)), LARGEST, 1000.0)
    out = partials(made, 1000.0)
    assert (out[:23] > 0.0).all()
    assert (out[23:] == 0.0).all()


def test_beyond_the_ends_the_envelope_goes_on():
    made = heard(tone(400.0, np.full(52, 0.1)), LARGEST, 400.0)
    assert decibels(partials(made, 100.0)[:3]) == pytest.approx(-20.0, abs=1.0)
    assert decibels(partials(made, 23_000.0, n=1)) == pytest.approx(-20.0, abs=1.0)


def test_silence_is_silent():
    assert partials(heard(np.zeros(LARGEST, np.float32), LARGEST, 220.0), 220.0).max() < 2e-7
