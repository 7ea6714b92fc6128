"""Every preset that ships is loaded, played and measured."""

import math
from itertools import combinations, groupby

import numpy as np
import pytest

from ddsp_pi.app import MODE_PARAMS, build
from ddsp_pi.cli.presets import open_presets, with_preset
from ddsp_pi.config import load_config
from ddsp_pi.control.preset_file import preset_text
from ddsp_pi.control.presets import full_params
from ddsp_pi.dsp.loudness import loudness_contour
from ddsp_pi.frame import HOP, HOP_RATE, SAMPLE_RATE, Edge
from ddsp_pi.models.library import SHIPPED, load_instrument
from ddsp_pi.rack.board import N_CVS
from ddsp_pi.rack.performance import Performance
from ddsp_pi.rack.sim import SimBoard

SHIPPED_PRESETS = open_presets().shipped()
NAMES = [path.stem for path in SHIPPED_PRESETS]
OPEN_S, LENGTH_S = 0.5, 0.8

AUDIBLE = {"early": 3.0, "held": 3.0, "left": 6.0, "bright": 12.0 * math.log2(1.12), "noise": 3.0}
"""Differences that nobody misses: 3 dB (6 in a fade), an eighth of the spectral centroid."""


@pytest.fixture(scope="module")
def sounds():
    """Each preset, by name: a gate of half a second and what follows, no cable in."""
    return {path.stem: played(path) for path in SHIPPED_PRESETS}


def load(path):
    return open_presets().read(path)


def one_gate():
    times_ns = np.array([0, int(LENGTH_S * 1e9)])
    edges = (Edge(1, True, 0), Edge(1, False, int(OPEN_S * 1e9)))
    return Performance(times_ns, np.full((2, N_CVS), np.nan), edges)


def played(path):
    app = build(with_preset(load_config(), load(path).preset), SimBoard(one_gate()))
    sound = np.empty(int(LENGTH_S * SAMPLE_RATE) // HOP * HOP, np.float32)
    for block in sound.reshape(-1, HOP):
        app.engine.render(block)
    return sound


def features(sound):
    """What is heard: dB at three times, the spectral centroid in semitones, and dB of air at the top."""
    level = loudness_contour(sound)
    early, held, left = (level[int(at_s * HOP_RATE)] for at_s in (0.03, 0.45, 0.7))
    spectrum = np.abs(np.fft.rfft(sound[: int(OPEN_S * SAMPLE_RATE)] * np.hanning(int(OPEN_S * SAMPLE_RATE)))) ** 2
    frequency = np.fft.rfftfreq(int(OPEN_S * SAMPLE_RATE), 1.0 / SAMPLE_RATE)
    centroid = float((spectrum * frequency).sum() / spectrum.sum())
    air = 10.0 * math.log10(spectrum[frequency > 8000].sum() / spectrum.sum() + 1e-12)
    return {"early": early, "held": held, "left": left, "bright": 12.0 * math.log2(centroid), "noise": air}
