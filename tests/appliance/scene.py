"""What a command in a machine came to, and what is wrong when a machine does not do as it should."""

from dataclasses import dataclass


class MachineError(AssertionError):
    """A machine does not come up, or a command in it fails; the message has what it said."""


@dataclass(frozen=True)
class Done:
    """A command that has ended."""

    code: int
    out: str
    err: str

    def __str__(self) -> str:
        return "\n".join(
            [f"exit code {self.code}", *self.out.splitlines()[-20:], *self.err.splitlines()[-20:]]
        )
