"""The pitch of a voice between two hops: what leaps and is back at once was misheard."""

LEAP = 2.0 ** (5.0 / 12.0)
"""A ratio of pitches that no glide reaches within a hop."""

PATIENCE = 3
"""Hops, 8 ms, that another note inside a tone has to last before it is played."""


class Leaps:
    """Follows a pitch at once, but for leaps inside a tone."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """No tone was heard."""
        self._f0_hz, self._waited = 0.0, 0

    def follow(self, f0_hz: float, inside: bool) -> float:
        """What to play for what is heard, in Hz.

        Args:
            f0_hz: as heard.
            inside: whether a tone goes on; one that begins may be anywhere.
        """
        ratio = f0_hz / self._f0_hz if inside and self._f0_hz else 1.0
        if 1.0 / LEAP < ratio < LEAP or self._waited == PATIENCE:
            self._f0_hz, self._waited = f0_hz, 0
        else:
            self._waited += 1
        return self._f0_hz
