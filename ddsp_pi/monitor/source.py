"""Where readings come from."""

from typing import Protocol

from ddsp_pi.monitor.reading import Reading
from ddsp_pi.monitor.recording import Recording


class Source(Protocol):
    """The daemon, or the board itself."""

    reading: Reading
    """What is known."""
    lost: int
    """How many pieces of a recording got lost on the way."""

    def record(self, recording: Recording) -> None:
        """Keep every scan and every edge from now on."""

    def listen(self, until_s: float) -> None:
        """Learn until then, by `time.monotonic`.

        Raises:
            OSError: the recording cannot be written.
        """

    def close(self) -> None:
        """Learn no more."""
