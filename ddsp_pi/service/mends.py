"""What can be done about a finding: told as a command, done by setup, and taken back by it.

Each kind is data. As text it is the shell command that a person could run; what setup does instead is
the same, but keeps a file's owner and mode, never adds a line twice and remembers what was there.
"""

import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from ddsp_pi.service.lines import ending, last_section, taken_out, without_word

_TYPED = 200
"""Characters of a file's text that a person may be asked to copy at most."""


@dataclass(frozen=True, slots=True)
class Command:
    """A command that setup runs as root."""

    shell: str
    undo: str = ""
    """What takes it back; empty: there is nothing to take back."""
    sudo: bool = True
    """Whether a person needs to be root for it."""

    def __str__(self) -> str:
        return f"sudo {self.shell}" if self.sudo else self.shell


@dataclass(frozen=True, slots=True)
class Packages:
    """Packages of the system that must be installed."""

    names: tuple[str, ...]

    def __str__(self) -> str:
        return f"sudo apt-get install {' '.join(self.names)}"


@dataclass(frozen=True, slots=True)
class Program:
    """ddsp-pi itself, in a virtual environment of its own."""

    source: str
    """A wheel, a folder of wheels, or nothing: an index."""

    def __str__(self) -> str:
        return f"sudo ddsp-pi setup {shlex.quote(self.source)}" if self.source else "sudo ddsp-pi setup"


@dataclass(frozen=True, slots=True)
class Link:
    """A symbolic link."""

    path: str
    to: str

    def __str__(self) -> str:
        return f"sudo ln -sfn {self.to} {self.path}"


@runtime_checkable
class Edit(Protocol):
    """A change of a file's text that, made twice, changes nothing the second time."""

    @property
    def path(self) -> str:
        """Which file."""

    def changed(self, text: str) -> str:
        """The text after it; a file that is not there has none."""


@dataclass(frozen=True, slots=True)
class SectionLine:
    """A line of config.txt under [all]: the last section may be another model's."""

    path: str
    line: str

    def __str__(self) -> str:
        return f"printf '\\n[all]\\n{self.line}\\n' | sudo tee -a {self.path}"

    def changed(self, text: str) -> str:
        """See Edit. Where the file ends under [all], its head is not said again."""
        section, rows = last_section(text)
        if section == "all" and self._counts(rows):
            return text
        end = ending(text)
        gap = "" if not text or text.endswith("\n") else end
        head = "" if section == "all" else f"{end}[all]{end}"
        return f"{text}{gap}{head}{self.line}{end}"

    def _counts(self, rows: list[str]) -> bool:
        """Whether it is there, and nothing after it speaks of the same."""
        if self.line not in rows:
            return False
        after = rows[len(rows) - rows[::-1].index(self.line) :]
        subject = self.line.split("=")[1].partition(",")[0]
        return not any(subject in row for row in after)


@dataclass(frozen=True, slots=True)
class Commented:
    """A setting of config.txt that is taken out; of a line with several, only this one."""

    path: str
    line: str

    def __str__(self) -> str:
        pattern = "".join(f"\\{each}" if each in "].*^$/[" else each for each in self.line)
        return f"sudo sed -i 's/^ *{pattern}/#&/' {self.path}"

    def changed(self, text: str) -> str:
        """See Edit."""
        return "".join(taken_out(row, self.line) for row in text.splitlines(keepends=True))


@dataclass(frozen=True, slots=True)
class WithoutWord:
    """A kernel argument, by how it begins, that is taken out of cmdline.txt."""

    path: str
    start: str

    def __str__(self) -> str:
        return f"sudo sed -i 's/{self.start}[^ ]* *//' {self.path}"

    def changed(self, text: str) -> str:
        """See Edit."""
        return without_word(text, self.start)


@dataclass(frozen=True, slots=True)
class WithWord:
    """A kernel argument at the end of the one line of cmdline.txt."""

    path: str
    word: str

    def __str__(self) -> str:
        return f"sudo sed -i '1s/$/ {self.word}/' {self.path}"

    def changed(self, text: str) -> str:
        """See Edit."""
        if self.word in text.split():
            return text
        line, end, rest = text.partition("\n")
        bare = line.rstrip()
        return f"{bare} {self.word}{line[len(bare) :].strip(' ')}{end}{rest}"


@dataclass(frozen=True, slots=True)
class Whole:
    """A file of our own."""

    path: str
    text: str
    source: str = ""
    """A file with the same text, to tell a person of."""
    players: bool = False
    """Whether it is the player's once it is there: changed by hand, it stays."""

    def __str__(self) -> str:
        put = f"sudo install -D -m 644 {{}} {self.path}"
        if self.source:
            return put.format(shlex.quote(self.source))
        if len(self.text) > _TYPED:
            return f"sudo ddsp-pi setup   # writes {self.path}"
        escaped = self.text.replace("\\", "\\\\").replace("%", "%%").replace("\n", "\\n")
        return f"printf {shlex.quote(escaped)} | {put.format('/dev/stdin')}"

    def changed(self, text: str) -> str:
        """See Edit."""
        return self.text


Mend = Command | Packages | Program | Link | SectionLine | Commented | WithoutWord | WithWord | Whole
Remedy = str | Mend
"""A plain text is a command for a person to decide about: setup leaves it alone."""


def in_short(mend: Mend) -> str:
    """What setup says while it does it."""
    return f"write {mend.path}" if isinstance(mend, Whole) else str(mend).removeprefix("sudo ")


def by_setup(remedies: Iterable[Remedy]) -> list[Mend]:
    """Those that setup does by itself."""
    return [each for each in remedies if not isinstance(each, str)]
