"""Keeps a copy of settings that have proven themselves, for a day when the file cannot be used."""

from collections.abc import Callable

from ddsp_pi.errors import DdspPiError
from ddsp_pi.files import write_whole
from ddsp_pi.places import last_good_file
from ddsp_pi.processes.launch import Status

PROVEN_S = 10.0
"""How long settings must have played without a new engine."""


class Proven:
    """Times are seconds of one monotonic clock."""

    def __init__(self, later: Callable[[Callable[[], object]], object], say: Callable[[str], object]) -> None:
        """`later` does what takes time, beside the control loop."""
        self._later, self._say = later, say
        self._begun: tuple[int, bytes] | None = None
        self._since_s = 0.0
        self._complaint = ""

    def look(self, raw: bytes, status: Status | None, now_s: float) -> None:
        """See how it goes: with the file that plays (empty: none does), and what the engine last said."""
        playing = (status.engine, raw) if raw and status is not None and status.playing else None
        if playing is None or playing != self._begun:
            self._begun, self._since_s = playing, now_s
        elif now_s - self._since_s >= PROVEN_S:
            # Looked at so seldom from now on: who lost the file, or a full disk, gets another chance.
            self._since_s = now_s
            self._later(lambda: self._keep(raw))

    def _keep(self, raw: bytes) -> None:
        file = last_good_file()
        try:
            if file.is_file() and file.read_bytes() == raw:
                return
            write_whole(file, raw)
        except (OSError, DdspPiError) as error:
            self._complain(f"{file}: {getattr(error, 'strerror', None) or error}")
        else:
            self._complaint = ""

    def _complain(self, what: str) -> None:
        if what != self._complaint:
            self._say(f"{what}; these settings play, but no copy of them is kept: make room there")
        self._complaint = what
