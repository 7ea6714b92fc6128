"""Nothing is added: silence stays silent, notes end, levels and colours stand still where the voice does."""

import numpy as np
import pytest

from ddsp_pi.frame import HOP, SAMPLE_RATE
from tests.cross.judging import Sound, envelopes_db, moved, surely, tune
from tests.cross.voices import VOICES
from tests.crossing import cross, crossed
from tests.playing import engine, sing
from tests.singing import recorded, rest, vowel

SILENT = 1e-3
"""−60 dBFS."""

MIXES = (0.0, 0.5, 1.0)
FADES_S = 1.0
"""The recordings themselves end in some reverberation."""


@pytest.mark.parametrize("mix", MIXES)
def test_silence_stays_silent(mix):
    random = np.random.default_rng(0)
    hum = 1e-4 * random.standard_normal(SAMPLE_RATE)
    for heard in (rest(1.0), hum.astype(np.float32)):
        assert np.abs(crossed(heard, model_mix=mix)).max() < SILENT


@pytest.mark.parametrize("path", VOICES, ids=lambda path: path.stem)
def test_no_note_hangs_when_the_singer_stops(path):
    played = crossed(recorded(path), seconds=FADES_S + 1.0)
    assert np.abs(played[-SAMPLE_RATE:]).max() < SILENT


@pytest.mark.parametrize("mix", MIXES)
@pytest.mark.parametrize("model", ["violin", "flute"])
def test_a_steady_vowel_does_not_warble(model, mix):
    played = crossed(vowel(190.0, seconds=2.0), model, model_mix=mix, noise=0.0)
    loudness_db = Sound(played).loudness_db[200:700]
    assert np.ptp(loudness_db) < 0.3
    assert envelopes_db(played)[60:170].std(axis=0).mean() < 0.3


@pytest.mark.parametrize("path", VOICES, ids=lambda path: path.stem)
def test_the_colour_moves_no_faster_than_the_singer_s(path):
    sung = Sound(recorded(path, 5.0))
    played = Sound(moved(crossed(sung.audio, seconds=0.1, model_mix=0.5), 8.0, len(sung.audio)))
    rows = np.flatnonzero(surely(sung)[::4])[1:-1]
    bent = [
        np.sqrt(np.mean((levels[rows + 1] - 2.0 * levels[rows] + levels[rows - 1]) ** 2))
        for levels in (sung.envelopes_db, played.envelopes_db)
    ]
    assert bent[1] < bent[0]


@pytest.mark.parametrize("mix", MIXES)
@pytest.mark.parametrize("path", VOICES, ids=lambda path: path.stem)
def test_hops_meet_without_a_corner(path, mix):
    played = crossed(recorded(path, 5.0), model_mix=mix).astype(np.float64)
    bends = np.diff(played, 3, prepend=np.zeros(3)) ** 2
    where = bends[: len(bends) // HOP * HOP].reshape(-1, HOP).mean(axis=0)
    assert where[:3].max() < 2.0 * np.median(where)


BROKEN = {
    "clipped": lambda audio: np.clip(8.0 * audio, -1.0, 1.0),
    "offset": lambda audio: audio + np.float32(0.3),
}
TOLD = {
    "clipped": lambda meter: meter.clipped,
    "offset": lambda meter: meter.offset == pytest.approx(0.3, abs=0.05),
}


@pytest.mark.parametrize("wrong", BROKEN)
def test_a_broken_input_is_told_and_plays_the_tune(wrong):
    audio = recorded(VOICES[1])
    mode = cross(model_mix=1.0, pitch_shift=12.0)
    player, broken = engine(mode), BROKEN[wrong](audio).astype(np.float32)
    loud = int(np.argmax(np.abs(audio))) // HOP * HOP + HOP
    played = [sing(player, broken[:loud])]
    assert TOLD[wrong](mode.meter)
    played.append(sing(player, broken[loud:], seconds=0.1))
    kept = tune(Sound(audio), Sound(moved(np.concatenate(played), 11.0, len(audio))), 12.0)
    assert kept.in_tune >= 0.95, kept


def test_a_sound_input_is_not_called_broken():
    mode = cross()
    sing(engine(mode), recorded(VOICES[1]))
    assert not mode.meter.clipped
    assert abs(mode.meter.offset) < 0.01
