"""The judges themselves: what they are to find is known here."""

import numpy as np
import pytest

from ddsp_pi.frame import SAMPLE_RATE
from tests.style.guitar import hertz
from tests.style.heard import card, notes, recorded, way_of
from tests.style.judging import (
    centroid_hz,
    changes,
    fall_s,
    gives_way_s,
    level_db,
    over_floor_db,
    partial_db,
    ways,
)

AT = np.arange(3 * SAMPLE_RATE) / SAMPLE_RATE


def plucked(f0_hz, tau_s, seconds=1.0, partials=20, seed=0):
    numbers = np.arange(1, partials + 1)[:, None]
    cycles = numbers * f0_hz * AT[: round(seconds * SAMPLE_RATE)]
    waves = np.sin(2.0 * np.pi * (cycles + np.random.default_rng(seed).uniform(size=(partials, 1)))) / numbers
    return 0.1 * waves.sum(axis=0) * np.exp(-AT[: waves.shape[1]] / tau_s)


def of_way(way):
    return [recorded(row.recording) for row in notes() if way_of(row.controls) == way]


@pytest.mark.parametrize("tau_s", [0.05, 0.1, 0.5, 2.0])
def test_a_decay_is_timed_also_beyond_the_end(tau_s):
    assert fall_s(plucked(220.0, tau_s)) == pytest.approx(tau_s * np.log(10.0), rel=0.08, abs=0.01)


def test_partials_stand_over_what_is_beside_them():
    hiss = 1e-3 * np.random.default_rng(0).standard_normal(len(AT))
    heard = 0.1 * np.sin(2.0 * np.pi * 330.0 * AT) + hiss
    assert partial_db(heard, 330.0) == pytest.approx(-20.0, abs=0.1)
    assert over_floor_db(heard, 330.0, 110.0) > 30.0
    assert over_floor_db(hiss, 330.0, 110.0) < 15.0
    assert level_db(0.1 * np.sin(2.0 * np.pi * 330.0 * AT)) == pytest.approx(-23.0, abs=0.1)
    assert centroid_hz(0.1 * np.sin(2.0 * np.pi * 330.0 * AT)) == pytest.approx(330.0, rel=0.01)


def one_after_another(notes, apart_s):
    """Each begins, after 0.1 s, while the one before it rings, which falls by 20 dB in 4 ms."""
    begins = [0.1 + apart_s * k for k in range(len(notes))]
    mixed, rings = np.zeros(round((begins[-1] + apart_s + 0.1) * SAMPLE_RATE)), round(apart_s * SAMPLE_RATE)
    for audio, begin in zip(notes, begins, strict=True):
        heard = audio[: rings + 960] / np.abs(audio).max()
        heard[rings:] *= 10.0 ** (-np.arange(len(heard[rings:])) / 192.0)
        first = round(begin * SAMPLE_RATE)
        mixed[first : first + len(heard)] += heard
    return mixed, begins


def test_onsets_are_found_to_a_fraction_of_a_millisecond():
    hiss = np.random.default_rng(0).standard_normal(SAMPLE_RATE) * np.exp(-AT[:SAMPLE_RATE] / 0.03)
    notes = [plucked(hertz(note), 1.0, seed=note) + 0.02 * hiss for note in (45, 52, 45, 57, 57, 64, 69, 40)]
    mixed, begins = one_after_another(notes, 0.2037)
    assert changes(mixed)[:-1] == pytest.approx(begins, abs=0.0005), "but for its end"


@pytest.mark.parametrize(("way", "apart_s"), [("open", 0.3037), ("muted", 0.1537)])
def test_onsets_of_recordings_are_found_where_they_were_put(way, apart_s):
    """Real strings do not begin at one sample, and hands touch them before."""
    mixed, begins = one_after_another(of_way(way)[:12], apart_s)
    assert changes(mixed)[: len(begins)] == pytest.approx(begins, abs=0.005)


def test_a_note_that_rings_is_one_change():
    for audio in of_way("open"):
        heard = np.concatenate([np.zeros(4800), audio[:SAMPLE_RATE]])
        assert changes(heard)[:-1] == pytest.approx([0.1], abs=0.001), "but for its end"


def test_where_a_pitch_gives_way_to_another_is_heard_under_noise():
    hiss = 0.01 * np.random.default_rng(0).standard_normal(SAMPLE_RATE)
    for place in (0.3, 0.5004, 0.7002):
        at = round(place * SAMPLE_RATE)
        after = plucked(110.0, 9.0, seed=1)[: SAMPLE_RATE - at]
        heard = np.concatenate([plucked(98.0, 9.0)[:at], after]) + hiss
        assert gives_way_s(heard, place + 0.007, 98.0, 110.0) == pytest.approx(place, abs=0.002)


def test_ways_are_those_of_the_card():
    assert {controller.name for controller in card().style.controllers} == {"openness", "power_chord"}
    assert {way_of(row.controls) for row in notes()} == set(ways().names)
    assert {hertz(row.note) for row in notes()} <= set(map(hertz, range(36, 85)))


def test_recordings_are_told_apart_that_the_means_were_not_measured_on():
    told = [(way_of(row.controls), ways().told(recorded(row.recording))) for row in notes()]
    assert np.mean([way.split()[0] == name.split()[0] for way, name in told]) == 1.0
    assert np.mean([way == name for way, name in told]) > 0.7
