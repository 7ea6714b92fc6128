"""What to leave out when there is no time for all of it."""

from typing import NamedTuple

from ddsp_pi.frame import HOP, SAMPLE_RATE

TOO_MUCH = 0.75
"""Share of the time there is, above which work is left out…"""

EASY = 0.45
"""…and below which some of it comes back."""

SMOOTHING = 1.0 / 16.0
"""Of the load per hop: one slow block is not an overload, and leaving work out would not have helped it."""

SETTLE_S = 0.05
"""Time for a step to show in the load."""

MOST = 2.0
"""As much as a block counts at most: a stall of the whole machine is one slow block, however long."""

CALM_S = 2.0
"""How long it must have been easy before a step is taken back; doubled each time it was too soon."""

LONGEST_CALM_S = 64.0


class Step(NamedTuple):
    """Most harmonics and voices; None: all there are."""

    partials: int | None
    voices: int | None


STEPS = (Step(None, None), Step(60, None), Step(30, None), Step(30, 4), Step(30, 2), Step(16, 1))
"""From all to the least. Upper harmonics are missed less than voices."""


class Overload:
    """Watches the load, and goes from step to step.

    Of blocks shorter than a hop the worst of each hop counts: one of them has the decoder's step to
    do, and it has to be done in time whatever the others take.
    """

    def __init__(self) -> None:
        self.level = 0
        self._load = self._worst = 0.0
        self._samples = 0
        self._since_s = 0.0
        self._easy_s = 0.0
        self._calm_s = CALM_S
        self._came_back = False

    def judge(self, load: float, n: int) -> bool:
        """One more block of n samples that took this share of its time; whether the level is another now."""
        self._worst = max(self._worst, min(load, MOST))
        self._samples += n
        if self._samples < HOP:
            return False
        seconds = self._samples / SAMPLE_RATE
        self._load += (self._worst - self._load) * SMOOTHING
        self._worst, self._samples = 0.0, 0
        return self._weigh(seconds)

    def _weigh(self, seconds: float) -> bool:
        self._since_s += seconds
        self._easy_s = self._easy_s + seconds if self._load < EASY else 0.0
        if self._load > TOO_MUCH and self._since_s > SETTLE_S and self.level < len(STEPS) - 1:
            return self._go(1)
        if self.level and self._easy_s > self._calm_s:
            return self._go(-1)
        return False

    def _go(self, way: int) -> bool:
        if way > 0 and self._came_back and self._since_s < CALM_S:
            self._calm_s = min(2.0 * self._calm_s, LONGEST_CALM_S)
        self._came_back = way < 0
        self.level += way
        # What was measured before the step says nothing about what is left to do after it.
        self._load = (TOO_MUCH + EASY) / 2.0
        self._since_s = self._easy_s = 0.0
        return True


def in_words(level: int) -> str:
    """What a level means, for the log."""
    partials, voices = STEPS[level]
    if partials is None:
        return "load is back to normal: everything plays"
    voiced = "" if voices is None else f" and {voices} voice{'s' if voices > 1 else ''}"
    return f"overload: only {partials} harmonics{voiced} play, so that the sound does not break up"
