"""What the drum answers to real hits of drums that no mapper was trained on, in figures."""

from functools import cache

import numpy as np
import torch

from ddsp_pi.dsp.hit_features import WINDOW
from ddsp_pi.dsp.native_onset import find_onsets
from ddsp_pi.frame import SAMPLE_RATE
from ddsp_pi.train.drum_evaluate import Judged
from ddsp_pi.train.drum_features import LOUDNESS, SAMPLES, get_features
from tests.drumming import articulations, hits_of

UNHEARD = ("13b", "muldjord")

LEVELS_DB = (0.0, -6.0, -12.0)
"""Each hit as it was recorded, and softer."""

AUDIBLE = 0.02
"""What has no higher peak is left to the quiet listening."""

BEFORE_S, REST_S = 0.1, 2.5
"""Before a hit, and until any drum has rung."""


@cache
def strikes():
    """(drums, sounds): every hit, (n,) its drum and (n, samples) its sound."""
    drums, sounds = [], []
    for drum in UNHEARD:
        for hit in (hit for way in articulations(drum) for hit in hits_of(drum, way)):
            for gain in (10.0 ** (level_db / 20.0) for level_db in LEVELS_DB):
                if np.abs(hit).max() * gain > AUDIBLE:
                    drums.append(drum)
                    sounds.append(np.pad(hit[:SAMPLES] * gain, (0, max(SAMPLES - len(hit), 0))))
    return tuple(drums), np.array(sounds, np.float32)


def answers(drum):
    """How each hit differs from the middle one of its drum, in what a drum hears and in what it makes."""
    drums, sounds = strikes()
    heard, made = _features(drum, sounds)
    wanted, moved = np.empty_like(heard), np.empty_like(made)
    for name in UNHEARD:
        rows = np.flatnonzero([each == name for each in drums])
        middle = rows[np.argsort(heard[rows, LOUDNESS])[len(rows) // 2]]
        wanted[rows], moved[rows] = heard[rows] - heard[middle], made[rows] - made[middle]
    return Judged(drums, wanted, moved)


def _features(drum, sounds):
    """(hits, 7) of what was heard, from its onset on, and of the answer."""
    before, rest = round(BEFORE_S * SAMPLE_RATE), round(REST_S * SAMPLE_RATE)
    heard, made = [], []
    for sound in sounds:
        audio = np.pad(sound, (before, rest - len(sound)))
        answer, first = drum.hears(audio), int(find_onsets(audio)[0].time)
        heard.append(audio[first : first + SAMPLES])
        made.append(answer[first + WINDOW : first + WINDOW + SAMPLES])
    return [get_features(torch.from_numpy(np.array(each))).numpy() for each in (heard, made)]
