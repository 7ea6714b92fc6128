"""What stands in a patch file: windows, and the boxes in them with their places."""

import re
from dataclasses import dataclass, field

LETTER, LINE = 7, 16
"""Pixels of a letter in a patch of font size 12."""

EDGE, MOST_LETTERS = 6, 60
"""Pixels around words, and letters after which a line is broken."""

WORDS = {"obj", "msg", "text"}
ATOMS = {"floatatom", "symbolatom"}
SIZES = {"vsl": (0, 1), "hsl": (0, 1), "tgl": (0, 0), "bng": (0, 0)}
"""Where controls have width and height among what follows their names."""


@dataclass
class Box:
    kind: str
    x: int
    y: int
    words: list[str]
    graph: tuple[int, int] | None = None

    @property
    def name(self):
        """What class of object it is, if it is one."""
        return self.words[0] if self.kind == "obj" and self.words else ""

    @property
    def size(self):
        if self.graph:
            return self.graph
        if self.name in SIZES:
            return tuple(int(self.words[1 + at]) for at in SIZES[self.name])
        if self.name == "hradio":
            return int(self.words[1]) * int(self.words[4]), int(self.words[1])
        if self.kind in ATOMS:
            return int(self.words[0]) * LETTER + EDGE, LINE + EDGE
        lines = self._lines()
        return max(map(len, lines)) * LETTER + EDGE, len(lines) * LINE + EDGE

    def _lines(self):
        words, most = self.words, MOST_LETTERS
        if len(words) > 2 and words[-2] == "f" and words[-3].endswith(","):
            most = int(words[-1])
            words = [*words[:-3], words[-3].removesuffix(",")]
        lines = [""]
        for word in words:
            shown = word.replace("\\", "")
            if lines[-1] and (len(lines[-1]) + 1 + len(shown) > most or lines[-1].endswith(";")):
                lines.append("")
            lines[-1] = f"{lines[-1]} {shown}".replace(" ;", ";").strip()
        return lines

    def overlaps(self, other):
        (width, height), (their_width, their_height) = self.size, other.size
        apart = self.x + width <= other.x or other.x + their_width <= self.x
        return not (apart or self.y + height <= other.y or other.y + their_height <= self.y)


@dataclass
class Window:
    name: str
    width: int
    height: int
    boxes: list[Box] = field(default_factory=list)
    cords: list[tuple[int, ...]] = field(default_factory=list)
    arrays: dict[str, list[float]] = field(default_factory=dict)
    graph: tuple[int, int] | None = None


def windows(path):
    """All windows of a patch, the one of the patch itself last."""
    done, open_ = [], []
    for record in re.split(r"(?<!\\);\n", path.read_text("utf-8")):
        if record.strip():
            _take(record.replace(" \\,", "\\,").split(), open_, done)
    (top,) = open_
    return [*done, top]


def _take(words, open_, done):
    match words:
        case ["#N", "canvas", _, _, width, height, name, *_]:
            open_.append(Window(name, int(width), int(height)))
        case ["#X", "restore", x, y, *rest]:
            done.append(open_.pop())
            kind = "obj" if rest[0] == "pd" else "graph"
            open_[-1].boxes.append(Box(kind, int(x), int(y), rest, done[-1].graph))
            open_[-1].arrays |= done[-1].arrays
        case ["#X", "coords", _, _, _, _, width, height, *_]:
            open_[-1].graph = int(width), int(height)
        case ["#X", "array", name, *_]:
            open_[-1].arrays[name] = []
        case ["#A", _, *values]:
            open_[-1].arrays[[*open_[-1].arrays][-1]] += map(float, values)
        case ["#X", "connect", *cord]:
            open_[-1].cords.append(tuple(map(int, cord)))
        case ["#X", kind, x, y, *rest]:
            open_[-1].boxes.append(Box(kind, int(x), int(y), _tidy(rest)))


def _tidy(words):
    """Words as they are read, `, f 20` at the end of a text being its width."""
    return [word.replace("\\,", ",") for word in " ".join(words).replace(" ,", ",").split()]
