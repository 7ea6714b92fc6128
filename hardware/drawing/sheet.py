"""A sheet of paper that draws as SVG: a few shapes, one font, and a colour for each function."""

from collections.abc import Sequence
from textwrap import wrap
from xml.sax.saxutils import escape, quoteattr

COLOURS = {
    "cv": "#0b7285",
    "gate in": "#2b8a3e",
    "gate out": "#d9480f",
    "button": "#862e9c",
    "led": "#c2255c",
    "spi": "#1864ab",
    "i2c": "#946200",
    "i2s": "#5f3dc4",
    "audio": "#5c5f66",
    "power": "#c92a2a",
    "ground": "#343a40",
}
"""What each function is drawn in, on the panel and at the header alike."""

INK, FAINT, PAPER, CARD, EDGE = "#212529", "#6c757d", "#faf8f4", "#ffffff", "#cfc9bd"
FONT = "'DejaVu Sans', Verdana, 'Helvetica Neue', Arial, sans-serif"
LETTER = 0.6
"""Width of a letter as a share of the font's size, with some to spare."""


class Sheet:
    """Shapes in the order in which they were put down. Lengths are pixels, from the upper left corner.

    It has paper of its own, so that it can be read on a light page and on a dark one.
    """

    def __init__(self, width: float, height: float, title: str) -> None:
        self.width, self.height = width, height
        self._shapes = [f"<title>{escape(title)}</title>"]
        self.rect(1, 1, width - 2, height - 2, PAPER, EDGE, radius=16)

    def svg(self) -> str:
        """The file."""
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{_n(self.width)}" height="{_n(self.height)}" '
            f'viewBox="0 0 {_n(self.width)} {_n(self.height)}" font-family={quoteattr(FONT)}>'
        )
        return "\n".join([head, *self._shapes, "</svg>", ""])

    def rect(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        fill: str = CARD,
        edge: str = EDGE,
        radius: float = 6,
        thick: float = 1.5,
    ) -> None:
        """A box with round corners."""
        self._put("rect", x=x, y=y, width=width, height=height, rx=radius, **_paint(fill, edge, thick))

    def circle(
        self, x: float, y: float, radius: float, fill: str = CARD, edge: str = EDGE, thick: float = 1.5
    ) -> None:
        """A disc."""
        self._put("circle", cx=x, cy=y, r=radius, **_paint(fill, edge, thick))

    def wire(self, colour: str, *points: tuple[float, float], thick: float = 2.5) -> None:
        """A line through points."""
        path = " ".join(f"{_n(x)},{_n(y)}" for x, y in points)
        self._put("polyline", points=path, stroke_linejoin="round", **_paint("none", colour, thick))

    def bridge(self, colour: str, *points: tuple[float, float]) -> None:
        """A wire that visibly runs above those it crosses."""
        self.wire(PAPER, *points, thick=9)
        self.wire(colour, *points, thick=3)

    def shape(self, path: str, fill: str = "none", edge: str = INK, thick: float = 2) -> None:
        """An SVG path."""
        self._put("path", d=path, stroke_linejoin="round", **_paint(fill, edge, thick))

    def text(
        self,
        x: float,
        y: float,
        words: str,
        size: float = 14,
        colour: str = INK,
        *,
        at: str = "start",
        bold: bool = False,
    ) -> None:
        """One line of text on the base line `y`; `at` is start, middle or end of it."""
        weight = ' font-weight="bold"' if bold else ""
        anchor = "" if at == "start" else f' text-anchor="{at}"'
        self._shapes.append(
            f'<text x="{_n(x)}" y="{_n(y)}" font-size="{_n(size)}" fill="{colour}"{anchor}{weight}>'
            f"{escape(words)}</text>"
        )

    def lines(
        self, x: float, y: float, rows: Sequence[str], size: float = 14, colour: str = INK, at: str = "start"
    ) -> float:
        """Several lines of text; returns the base line below the last."""
        for row in rows:
            if row:
                self.text(x, y, row, size, colour, at=at)
            y += size * 1.4
        return y

    def heading(self, title: str, below: str) -> None:
        """The title of the sheet and a line about it."""
        self.text(40, 56, title, 26, bold=True)
        self.text(40, 84, below, 15, FAINT)

    def _put(self, tag: str, **attributes: float | str) -> None:
        said = " ".join(f'{name.replace("_", "-")}="{_n(value)}"' for name, value in attributes.items())
        self._shapes.append(f"<{tag} {said}/>")


def fitted(text: str, width: float, size: float) -> list[str]:
    """A text in lines that are no wider than `width` pixels."""
    return wrap(text, max(int(width / (size * LETTER)), 1), break_on_hyphens=False)


def _paint(fill: str, edge: str, thick: float) -> dict[str, float | str]:
    return {"fill": fill, "stroke": edge, "stroke_width": thick}


def _n(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:.1f}".removesuffix(".0")
