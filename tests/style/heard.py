"""Recordings of the guitar that ships which it was not trained on, and how each was played."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest

from ddsp_pi.models.library import SHIPPED, open_instrument
from ddsp_pi.recording import load_recording
from ddsp_pi.train.manifest import MANIFEST, read_manifest
from ddsp_pi.train.onset import find_onset

GUITAR = str(SHIPPED / "style-guitar.onnx")
FOLDER = Path(__file__).parents[1] / "data" / "style-guitar"

WAYS = {(1.0, 0.0): "open", (0.0, 0.0): "muted", (1.0, 1.0): "open chord", (0.0, 1.0): "muted chord"}
"""What openness and power chord are called."""


def way_of(controls):
    return WAYS[tuple(controls)]


@cache
def card():
    return open_instrument(GUITAR).card


@cache
def notes():
    """Rows of the list, in its order."""
    return read_manifest(FOLDER / MANIFEST, card().style)


@cache
def recorded(path):
    """A recording from the first sample of its note on."""
    audio = load_recording(path).audio
    return np.ascontiguousarray(audio[find_onset(audio) :])


def waits_for_what_it_never_heard(instrument):
    """Skips where the shipped guitar was trained on recordings that it is to be judged by."""
    if instrument.card.style is None:
        return
    if set(instrument.card.held_out) != {row.recording.stem for row in notes()}:
        pytest.skip(f"{instrument.card.name} was trained on some of the recordings in {FOLDER.name}")
