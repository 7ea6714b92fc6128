"""What was asked of an instrument beyond what it was trained on, in words."""

import time
from collections.abc import Callable, Iterator

from ddsp_pi.engine.telemetry import Telemetry
from ddsp_pi.models.card import Card, Range

QUIET_S = 10.0
"""The same is not said twice within this time."""


def notes_on(telemetry: Telemetry, card: Card | None) -> Iterator[str]:
    """One line for each trained range that was left, and its share of the sounding time; no card: none."""
    if card is None:
        return
    for name, samples, trained in _ranges(telemetry, card):
        if samples:
            share = samples / telemetry.sounding_samples
            yield (
                f"note: {_percent(share)} of the time outside {card.name}'s trained {name} range {trained}; "
                "it plays, but as a guess"
            )


class OutsideLog:
    """Says when a cable has left a trained range, at most every so often."""

    def __init__(self, telemetry: Telemetry, say: Callable[[str], object], quiet_s: float = QUIET_S) -> None:
        self._telemetry, self._say, self._quiet_s = telemetry, say, quiet_s
        self._counted: dict[str, int] = {}
        self._said: dict[str, float] = {}

    def poll(self, card: Card | None) -> None:
        """Look at the counters once; without a card there is nothing to leave."""
        if card is None:
            return
        now = time.monotonic()
        for name, samples, trained in _ranges(self._telemetry, card):
            more = samples > self._counted.get(name, 0)
            self._counted[name] = samples
            if more and now - self._said.get(name, -self._quiet_s) >= self._quiet_s:
                self._say(f"{name} outside {card.name}'s trained range {trained}: it plays, but as a guess")
            if more:
                self._said[name] = now


def _ranges(telemetry: Telemetry, card: Card) -> list[tuple[str, int, str]]:
    """Name, samples outside so far, and the range in words."""
    return [
        ("pitch", telemetry.outside_pitch_samples, _words(card.pitch_range_hz, "Hz")),
        ("loudness", telemetry.outside_loudness_samples, _words(card.loudness_range_db, "dB")),
    ]


def _words(trained: Range, unit: str) -> str:
    between = "–" if trained.low >= 0.0 else " to "
    return f"{trained.low:.0f}{between}{trained.high:.0f} {unit}"


def _percent(share: float) -> str:
    return f"{100.0 * share:.0f} %" if share >= 0.01 else "under 1 %"
