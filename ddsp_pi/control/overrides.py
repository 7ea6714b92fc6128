"""CV jacks that messages hold at volts of their own."""

from collections.abc import Sequence


class Overrides:
    """What is held counts instead of the cable, until it is released."""

    def __init__(self) -> None:
        self._held: dict[int, float] = {}

    def hold(self, jack: int, volts: float) -> None:
        """Hold a jack, from 1 on; from any thread."""
        self._held = {**self._held, jack: volts}

    def release(self, jack: int) -> None:
        """The cable of a jack counts again; from any thread."""
        self._held = {other: volts for other, volts in self._held.items() if other != jack}

    def over(self, volts: Sequence[float]) -> tuple[float, ...]:
        """The volts of all jacks, cables and what is held instead."""
        held = self._held
        return tuple(held.get(jack, cable) for jack, cable in enumerate(volts, 1)) if held else tuple(volts)
