"""Symbols of a circuit diagram. Places are pixels; what hangs down ends at a ground."""

from hardware.drawing.sheet import CARD, FAINT, INK, Sheet

_HANG = 96.0
"""How far below the line a ground is."""


def dot(sheet: Sheet, x: float, y: float) -> None:
    """Where wires meet."""
    sheet.circle(x, y, 4, INK, INK)


def line(sheet: Sheet, *points: tuple[float, float]) -> None:
    """A wire."""
    sheet.wire(INK, *points, thick=2)


def ground(sheet: Sheet, x: float, y: float) -> None:
    """The ground."""
    for half, down in ((14, 0), (9, 6), (4, 12)):
        line(sheet, (x - half, y + down), (x + half, y + down))


def jack(sheet: Sheet, x: float, y: float, colour: str) -> None:
    """A jack with its sleeve at the ground; its tip leaves to the right or left on the line."""
    line(sheet, (x, y), (x, y + _HANG))
    sheet.circle(x, y, 17, "#d8d5ce", colour, 4)
    sheet.circle(x, y, 9, "#1b1d20", "#6b6f75", 1.5)
    ground(sheet, x, y + _HANG)


def resistor(sheet: Sheet, x: float, y: float, value: str) -> None:
    """A resistor on the line, 60 pixels from `x` on."""
    sheet.rect(x, y - 9, 60, 18, CARD, INK, radius=0, thick=2)
    sheet.text(x + 30, y - 17, value, 13, at="middle", bold=True)


def hanging_resistor(sheet: Sheet, x: float, y: float, value: str) -> None:
    """A resistor from the line to the ground."""
    _hang(sheet, x, y, value)
    sheet.rect(x - 9, y + 24, 18, 48, CARD, INK, radius=0, thick=2)


def hanging_capacitor(sheet: Sheet, x: float, y: float, value: str) -> None:
    """A capacitor from the line to the ground."""
    _hang(sheet, x, y, value)
    sheet.rect(x - 10, y + 45, 20, 7, CARD, CARD, radius=0, thick=0)
    for down in (44, 53):
        sheet.wire(INK, (x - 14, y + down), (x + 14, y + down), thick=3)


def hanging_diode(sheet: Sheet, x: float, y: float, value: str) -> None:
    """A diode that conducts from the ground to the line: its ring is at the line."""
    _hang(sheet, x, y, value)
    sheet.shape(f"M {x - 11:g} {y + 58:g} L {x + 11:g} {y + 58:g} L {x:g} {y + 38:g} Z", INK)
    sheet.wire(INK, (x - 11, y + 37), (x + 11, y + 37), thick=3)


def light(sheet: Sheet, x: float, y: float, colour: str) -> None:
    """A light-emitting diode on the line, 30 pixels from `x` on, its short leg to the right."""
    sheet.shape(f"M {x:g} {y - 14:g} L {x:g} {y + 14:g} L {x + 26:g} {y:g} Z", "#ff8fab", colour)
    sheet.wire(colour, (x + 27, y - 14), (x + 27, y + 14), thick=3)
    for right in (6, 18):
        line(sheet, (x + right, y - 20), (x + right + 10, y - 32))
        sheet.circle(x + right + 10, y - 32, 2.5, INK, INK)


def switch(sheet: Sheet, x: float, y: float, colour: str) -> None:
    """A push button on the line, 60 pixels from `x` on."""
    for at in (x + 6, x + 54):
        sheet.circle(at, y, 5, CARD, INK, 2)
    sheet.wire(colour, (x + 2, y - 13), (x + 58, y - 13), thick=3)
    sheet.wire(colour, (x + 30, y - 13), (x + 30, y - 28), thick=3)


def transistor(sheet: Sheet, x: float, y: float) -> tuple[float, float]:
    """An NPN transistor with its base at (x, y) and its emitter at the ground; returns its collector."""
    sheet.circle(x + 24, y, 27, CARD, FAINT, 1.5)
    line(sheet, (x, y), (x + 16, y))
    sheet.wire(INK, (x + 16, y - 15), (x + 16, y + 15), thick=4)
    line(sheet, (x + 16, y - 7), (x + 34, y - 20), (x + 34, y - 44))
    line(sheet, (x + 16, y + 7), (x + 34, y + 20), (x + 34, y + _HANG))
    sheet.shape(f"M {x + 33:g} {y + 19:g} l -10 -2 l 5 -7 Z", INK)
    ground(sheet, x + 34, y + _HANG)
    return x + 34, y - 44


def flag(sheet: Sheet, x: float, y: float, words: str, colour: str, *, left: bool = False) -> None:
    """The end of a wire, with where it goes on; to the left of `x`, or to its right."""
    width = 22 + 8.4 * len(words)
    start = x - width if left else x
    sheet.rect(start, y - 14, width, 28, colour, colour, radius=5, thick=1)
    sheet.text(start + width / 2, y + 5, words, 13, "#ffffff", at="middle", bold=True)


def _hang(sheet: Sheet, x: float, y: float, value: str) -> None:
    dot(sheet, x, y)
    line(sheet, (x, y), (x, y + _HANG))
    ground(sheet, x, y + _HANG)
    sheet.text(x + 17, y + 68, value, 12.5, bold=True)
