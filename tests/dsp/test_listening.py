"""What a live input is, as a mode hears it."""

from pathlib import Path

import numpy as np
import pytest

from ddsp_pi.dsp.listening import RANGES, STILL_HZ, Listener
from ddsp_pi.dsp.loudness import FLOOR_DB
from ddsp_pi.dsp.pitch_path import pitch_path
from ddsp_pi.frame import HOP, SAMPLE_RATE
from ddsp_pi.native.library import choose
from ddsp_pi.recording import load_recording
from tests.voices import VOWELS, envelope, hold, sing

PARTIALS = 100
PHRASES = Path(__file__).parents[1] / "data/voice"
CONSONANTS = {"s": (4000.0, 10_000.0, 0.03), "sh": (2000.0, 7000.0, 0.05), "h": (300.0, 4000.0, 0.02)}


def listen(audio, listener=None):
    """One row for each hop: f0, confidence, voiced, voicing, loudness, peak, clipped."""
    listener = listener or Listener()
    rows = []
    for at in range(0, len(audio) - HOP + 1, HOP):
        heard = listener.hear(audio[at : at + HOP])
        rows.append([getattr(heard, name) for name in NAMES])
    return dict(zip(NAMES, np.array(rows).T, strict=True))


NAMES = ("f0_hz", "confidence", "voiced", "voicing", "loudness_db", "peak", "clipped")


def shape(listener, f0_hz, ratio=1.0):
    out = np.empty(PARTIALS, np.float32)
    listener.harmonics(f0_hz, ratio, out)
    return out


def hiss(low_hz, high_hz, level, n, seed=0):
    spectrum = np.fft.rfft(np.random.default_rng(seed).normal(size=n))
    hz = np.fft.rfftfreq(n, 1 / SAMPLE_RATE)
    audio = np.fft.irfft(spectrum * ((hz > low_hz) & (hz < high_hz)), n)
    return level * audio / audio.std()


def nearest(levels, f0_hz):
    """The vowel whose envelope is most like these levels of partials."""

    def distance(vowel):
        off = levels - 20 * np.log10(envelope(VOWELS[vowel], np.arange(1, len(levels) + 1) * f0_hz))
        return np.std(off)

    return min(VOWELS, key=distance)


def test_vowels_are_told_apart_at_any_pitch_in_noise_and_while_they_glide():
    right = []
    for vowel in VOWELS:
        for low_hz in np.geomspace(85.0, 400.0, 6):
            path = low_hz * 2.0 ** np.linspace(0.0, 0.4, SAMPLE_RATE // 3)
            audio = sing(VOWELS[vowel], path)
            audio += hiss(100.0, 20_000.0, 0.02 * audio.std(), len(audio)).astype(np.float32)
            listener = Listener()
            for at in range(0, len(audio) - HOP + 1, HOP):
                f0_hz = listener.hear(audio[at : at + HOP]).f0_hz
                if at > SAMPLE_RATE // 10:
                    levels = 20 * np.log10(shape(listener, f0_hz)[: int(3500.0 / f0_hz)])
                    right.append(nearest(levels, f0_hz) == vowel)
    assert np.mean(right) > 0.95


@pytest.mark.parametrize("f0_hz", [82.0, 110.0, 220.0, 440.0, 880.0])
def test_with_its_own_pitch_the_input_s_partials_come_out(f0_hz):
    listener = Listener()
    heard = listen(sing(VOWELS["a"], hold(f0_hz)), listener)
    numbers = np.arange(1, 1 + min(PARTIALS, int(4000.0 / f0_hz)))
    off = 20 * np.log10(shape(listener, heard["f0_hz"][-1])[: len(numbers)])
    off -= 20 * np.log10(envelope(VOWELS["a"], numbers * f0_hz))
    assert np.abs(off).mean() < 1.0
    assert heard["voicing"][-50:].min() == 1.0


@pytest.mark.parametrize("name", RANGES)
def test_every_range_hears_its_notes(name):
    low_hz, high_hz = RANGES[name]
    for f0_hz in (1.1 * low_hz, np.sqrt(low_hz * high_hz), 0.9 * high_hz):
        heard = listen(sing(VOWELS["u"], hold(f0_hz, 0.3)), Listener(low_hz, high_hz))
        np.testing.assert_allclose(heard["f0_hz"][-20:], f0_hz, rtol=0.003)
        assert heard["voicing"][-20:].min() > 0.9


@pytest.mark.parametrize("consonant", CONSONANTS)
@pytest.mark.parametrize("f0_hz", [110.0, 220.0, 330.0])
def test_consonants_are_all_noise_within_10_ms_and_vowels_all_partials_soon(consonant, f0_hz):
    seconds, edge = 0.8, SAMPLE_RATE // 5
    voice = sing(VOWELS["a"], hold(f0_hz, seconds))
    sung = np.convolve((np.arange(len(voice)) // edge) % 2 == 0, np.ones(144) / 144, "same")
    audio = voice * (0.15 / voice.std()) * sung + hiss(*CONSONANTS[consonant], len(voice)) * (1.0 - sung)
    voicing = listen(audio.astype(np.float32))["voicing"]
    at = (np.arange(len(voicing)) + 1) * HOP - edge
    off = at[np.flatnonzero((at > 0) & (voicing < 0.25))[0]]
    on = at[np.flatnonzero((at > edge) & (voicing > 0.75))[0]] - edge
    assert 1000 * off / SAMPLE_RATE < 11.0
    assert 1000 * on / SAMPLE_RATE < 8.0 + 1500.0 / f0_hz
    settled = 0.03 * SAMPLE_RATE
    assert voicing[(at > settled) & (at < edge)].max() < 0.5
    assert voicing[(at > edge + settled) & (at < 2 * edge)].min() > 0.5


def test_voicing_never_leaps():
    audio = np.concatenate([sing(VOWELS["a"], hold(200.0, 0.1)), hiss(3e3, 9e3, 0.05, 4800)] * 3)
    voicing = listen(audio.astype(np.float32))["voicing"]
    assert np.abs(np.diff(voicing)).max() <= 0.5


def test_noise_comes_with_its_level_whatever_the_pitch_was():
    audio = hiss(0.0, 24_000.0, 0.1, SAMPLE_RATE).astype(np.float32)
    listener, rows = Listener(n_bands=65), []
    for at in range(0, len(audio) - HOP + 1, HOP):
        listener.hear(audio[at : at + HOP])
        rows.append(np.empty(65, np.float32))
        listener.noise(1.0, rows[-1])
    np.testing.assert_allclose(np.sqrt(np.mean(np.square(rows[10:]), axis=0)), 0.1, rtol=0.12)


def test_silence_is_at_the_floor_and_holds_the_pitch():
    assert listen(np.zeros(HOP * 4, np.float32))["f0_hz"][-1] == STILL_HZ
    listener = Listener()
    audio = np.concatenate([sing(VOWELS["a"], hold(200.0, 0.2)), np.zeros(SAMPLE_RATE // 5, np.float32)])
    heard = listen(audio, listener)
    assert heard["loudness_db"][-1] == FLOOR_DB
    assert heard["voicing"][-1] == 0.0
    assert heard["f0_hz"][-1] == pytest.approx(200.0, rel=0.05)
    assert shape(listener, 200.0).max() < 1e-4


@pytest.mark.parametrize("offset", [0.5, -1.0])
def test_an_offset_of_a_dc_coupled_input_does_not_matter(offset):
    audio = sing(VOWELS["u"], hold(150.0, 2.0))
    plain, loaded = Listener(), Listener()
    listen(audio, plain)
    heard = listen(audio + np.float32(offset), loaded)
    assert heard["voicing"][-1] == 1.0
    low = slice(0, 20)
    off = 20 * np.log10(shape(loaded, 150.0)[low] / shape(plain, 150.0)[low])
    assert np.abs(off).max() < 1.0


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e30])
def test_broken_input_is_survived_and_told(bad):
    audio = sing(VOWELS["a"], hold(220.0, 0.5))
    audio[5000:5300:7] = bad
    listener = Listener()
    heard = listen(audio, listener)
    assert all(np.isfinite(row).all() for row in heard.values())
    assert heard["clipped"][5000 // HOP] == 1.0
    assert heard["peak"].max() <= 8.0
    assert heard["f0_hz"][-1] == pytest.approx(220.0, rel=0.002)
    assert np.isfinite(shape(listener, 220.0)).all()


def test_full_scale_is_told_and_the_pitch_of_a_clipped_voice_is_known():
    audio = sing(VOWELS["a"], hold(180.0, 0.5))
    loud = np.clip(audio * (8.0 / np.abs(audio).max()), -1.0, 1.0).astype(np.float32)
    heard, calm = listen(loud), listen(audio * np.float32(0.9 / np.abs(audio).max()))
    assert heard["clipped"][20:].mean() > 0.5
    assert heard["peak"].max() == 1.0
    assert heard["f0_hz"][-1] == pytest.approx(180.0, rel=0.002)
    assert calm["clipped"].max() == 0.0
    assert calm["peak"].max() == pytest.approx(0.9, abs=0.01)


def test_reset_forgets_everything():
    audio, listener = sing(VOWELS["i"], hold(250.0, 0.2)), Listener()
    first = listen(audio, listener)
    last = shape(listener, 250.0)
    listen(hiss(100.0, 9000.0, 0.3, 3000).astype(np.float32), listener)
    listener.reset()
    again = listen(audio, listener)
    assert all(np.array_equal(first[name], again[name]) for name in NAMES)
    np.testing.assert_array_equal(shape(listener, 250.0), last)


def test_the_input_is_not_changed_and_the_answer_is_one_object():
    audio, listener = sing(VOWELS["a"], hold(250.0, 0.1)) + np.float32(0.3), Listener()
    copy = audio.copy()
    assert {id(listener.hear(audio[at : at + HOP])) for at in range(0, 4000, HOP)} == {id(listener.heard)}
    np.testing.assert_array_equal(audio, copy)


def test_both_kernels_hear_the_same():
    audio = np.concatenate([sing(VOWELS["a"], hold(150.0, 0.2)), hiss(3e3, 9e3, 0.05, 6000)])
    heard = []
    for name in ("numpy", "native"):
        with choose(name):
            heard.append(listen(audio.astype(np.float32)))
    for name in NAMES:
        np.testing.assert_allclose(heard[1][name], heard[0][name], rtol=2e-3, atol=2e-3)


@pytest.mark.parametrize(("low_hz", "high_hz"), [(30.0, 500.0), (200.0, 100.0), (100.0, 3000.0)])
def test_impossible_ranges_are_refused(low_hz, high_hz):
    with pytest.raises(ValueError, match="pitch range"):
        Listener(low_hz, high_hz)


def test_sung_phrases_do_not_leap_by_octaves():
    leaps = voiced = 0
    for phrase in sorted(PHRASES.glob("*.flac")):
        audio = load_recording(phrase).audio
        wanted, sings = pitch_path(audio, HOP)
        heard = listen(audio)
        # What is heard is about two hops old.
        then = np.arange(len(heard["f0_hz"])) - 1
        both = (heard["voicing"] > 0.5) & sings[then]
        off = np.abs(np.log2(heard["f0_hz"][both] / wanted[then][both]))
        voiced += both.sum()
        leaps += (np.abs(off - np.maximum(np.round(off), 1.0)) < 0.1).sum()
    assert voiced > 2000
    assert leaps < 0.005 * voiced
