"""Heartbeat: tells from a record in the link whether its writer still lives."""

from dataclasses import dataclass

from ddsp_pi.link.latest import Latest


@dataclass(frozen=True, slots=True)
class Patience:
    """How long things may take, in seconds."""

    first_beat_s: float = 20.0
    """From the start of the engine to its first beat: it loads and warms instruments."""
    beat_s: float = 0.5
    """From beat to beat."""
    stop_s: float = 3.0
    """From SIGTERM to the end: the engine fades out."""


PATIENCE = Patience()


class Heartbeat:
    """Every write of the record is a beat."""

    def __init__(self, record: Latest, patience: Patience, look_s: float) -> None:
        """Watch a record by calling `stalled` every `look_s` seconds."""
        self._record, self._patience, self._look_s = record, patience, look_s
        self.expect(0.0)

    def expect(self, now_s: float) -> None:
        """A new writer begins; whatever the last one wrote counts no more."""
        self._sequence = self._record.sequence
        self._limit_s, self._began = self._patience.first_beat_s, False
        self._still_s, self._looked_s = 0.0, now_s

    @property
    def expected(self) -> bool:
        """Whether the first beat is still to come."""
        return not self._began

    def stalled(self, now_s: float) -> str | None:
        """What is wrong, or None while all is well."""
        # Who was kept from looking, as by a machine that sleeps, has seen nothing stand still meanwhile.
        self._still_s += min(now_s - self._looked_s, 2 * self._look_s)
        self._looked_s = now_s
        if self._record.sequence != self._sequence:
            self._sequence, self._still_s = self._record.sequence, 0.0
            self._limit_s, self._began = self._patience.beat_s, True
        if self._still_s < self._limit_s:
            return None
        return f"stood still for {self._limit_s:g} s"
