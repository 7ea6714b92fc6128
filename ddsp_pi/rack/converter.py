"""The Converter protocol: counts from the chip behind the CV jacks."""

from typing import Protocol


class Converter(Protocol):
    """A 12-bit converter of several channels."""

    def read(self, channel: int) -> int:
        """Counts of one conversion, 0..FULL_SCALE.

        Raises:
            BoardError: it did not answer; the next read may succeed again.
        """

    def close(self) -> None:
        """Let go of it."""
