"""What is heard at the drum: where hits begin, and what they are like in their first moments."""

from collections import deque
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ddsp_pi.dsp.hit_features import WINDOW, hit_features
from ddsp_pi.dsp.onset import OnsetDetector
from ddsp_pi.frame import HOP
from ddsp_pi.modes.drum_seams import Features

Array = NDArray[np.float32]

KEPT = 2 * WINDOW + HOP
"""Samples of the past that are needed: an onset may be told when its window is nearly over."""

_SIZE = 16 * KEPT
"""Room to write on before the past is moved back to the front."""


class Begun(NamedTuple):
    """A hit that has just begun."""

    sample: int
    """Of its onset, since the reset; the nearest, for onsets lie between samples too."""
    noticed: int
    """The first sample behind those that showed it."""
    rise_db: float
    """How far it stands out."""
    level_db: float
    """How loud it was when it was noticed."""


class Known(NamedTuple):
    """A hit of which the first WINDOW samples were heard."""

    begun: Begun
    features: Features

    @property
    def due(self) -> int:
        """The sample behind its window, since the reset: the first at which all this could be known."""
        return self.begun.sample + WINDOW


class DrumEar:
    """Remembers the last moments, and looks at each hit when its window is full."""

    def __init__(self, detector: OnsetDetector) -> None:
        self.detector = detector
        self._past = np.zeros(_SIZE, np.float32)
        self._open: deque[Begun] = deque()
        self.reset()

    def reset(self) -> None:
        """Nothing was heard; the first sample to come is number 0."""
        self.detector.reset()
        self._past[:KEPT] = 0.0
        self._end = KEPT
        self.clock = 0
        self.forget()

    def forget(self) -> None:
        """Hits that have begun are none."""
        self._open.clear()

    def take(self, audio: Array) -> Begun | None:
        """The hit that (n,) more samples show, n ≤ HOP; finite samples only."""
        if self._end + len(audio) > _SIZE:
            self._past[:KEPT] = self._past[self._end - KEPT : self._end]
            self._end = KEPT
        self._past[self._end : self._end + len(audio)] = audio
        self._end += len(audio)
        self.clock += len(audio)
        onset = self.detector.hear(audio)
        if onset is None:
            return None
        sample = max(round(onset.time), self.clock - len(audio) - WINDOW)
        begun = Begun(sample, onset.heard_at, onset.rise_db, onset.peak_db)
        self._open.append(begun)
        return begun

    def known(self) -> Iterator[Known]:
        """The hits whose windows are full now, each once, in the order of their onsets."""
        while self._open and self._open[0].sample + WINDOW <= self.clock:
            begun = self._open.popleft()
            first = self._end - (self.clock - begun.sample)
            heard = hit_features(self._past[first : first + WINDOW])
            yield Known(begun, np.array((heard.loudness_db, heard.centroid, heard.flatness_db)))
