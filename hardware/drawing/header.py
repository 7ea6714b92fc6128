"""The Pi's header with all that a board has on it."""

from collections.abc import Container

from ddsp_pi.rack.spec import BoardSpec
from hardware.drawing.sheet import CARD, COLOURS, FAINT, INK, Sheet
from hardware.signals import HEADER, POWER, Signal, signals

ROW = 34.0
"""Pixels between two rows of pins."""

GAP = 40.0
"""Pixels between the two columns of pins."""

RIM = 30.0
"""Pixels from the middle of a pin to the edge of the header."""

SEEN = (
    "Seen from above, with the Pi's SD card at the top. "
    "The number on a pin is the header's, GPIO is the BCM number."
)

_HALF, _TOP, _BOX = 590.0, 130.0, 400.0
_UNUSED = "#adb5bd"


def place(pin: int, left: float, top: float) -> tuple[float, float]:
    """The middle of a pin, 1 to 40, where pin 1 is at (left, top)."""
    return left + GAP * ((pin - 1) % 2), top + ROW * ((pin - 1) // 2)


def body(sheet: Sheet, left: float, top: float) -> None:
    """The header without its pins, seen from above."""
    sheet.rect(left - RIM, top - 26, GAP + 2 * RIM, ROW * 19 + 52, "#2b2f33", "#1b1d20", radius=8)


def pins(sheet: Sheet, used: dict[int, Signal], left: float, top: float) -> None:
    """Each pin with its number, in the colour of what it carries."""
    for pin, carries in enumerate(HEADER, 1):
        x, y = place(pin, left, top)
        colour = _colour(carries, used.get(pin))
        # Pin 1 is square, as on the Pi.
        sheet.rect(x - 14, y - 14, 28, 28, colour, "#f1f3f5", radius=3 if pin == 1 else 14)
        sheet.text(x, y + 4.5, str(pin), 12.5, "#ffffff", at="middle", bold=True)


def _colour(carries: int | str, signal: Signal | None) -> str:
    if signal:
        return COLOURS[signal.kind]
    return COLOURS[POWER[carries]] if isinstance(carries, str) else "#868e96"


def drawing(spec: BoardSpec) -> str:
    """The header with a box for each used pin, as SVG."""
    used = {signal.pin: signal for signal in signals(spec)}
    sheet = Sheet(2 * _HALF, _TOP + 19 * ROW + 104, f"Wiring: {spec.title}")
    sheet.heading(spec.title, "What it has on the 40 pins of the Pi")
    left = _HALF - GAP / 2
    for signal in used.values():
        box(sheet, *place(signal.pin, left, _TOP), signal, _BOX)
    unused(sheet, used, left, _TOP)
    body(sheet, left, _TOP)
    pins(sheet, used, left, _TOP)
    sheet.text(40, _TOP + 19 * ROW + 68, SEEN, 13, FAINT)
    return sheet.svg()


def unused(sheet: Sheet, taken: Container[int], left: float, top: float) -> None:
    """The names of the pins that have nothing on them."""
    for pin, carries in enumerate(HEADER, 1):
        if pin in taken:
            continue
        x, y = place(pin, left, top)
        colour = COLOURS[POWER[carries]] if isinstance(carries, str) else _UNUSED
        side = _side(pin)
        name = carries if isinstance(carries, str) else f"GPIO {carries}"
        sheet.text(x + side * 40, y + 5, name, 13, colour, at="end" if side < 0 else "start")


def box(sheet: Sheet, x: float, y: float, signal: Signal, width: float, badge: str = "") -> None:
    """A wire from a pin at (x, y) to a box that says what it is; `badge` is the letter of its circuit."""
    colour, side = COLOURS[signal.kind], _side(signal.pin)
    near = x + side * 100
    start = min(near, near + side * width)
    sheet.wire(colour, (x, y), (near, y), thick=3)
    sheet.rect(start, y - 14, width, 28, CARD, colour, radius=5, thick=1.5)
    sheet.rect(start if side > 0 else start + width - 8, y - 14, 8, 28, colour, colour, radius=2, thick=0)
    sheet.text(start + 20, y + 5, signal.name, 14, INK, bold=True)
    sheet.text(start + 126, y + 5, f"GPIO {signal.bcm}", 13, colour, bold=True)
    sheet.text(start + 206, y + 5, signal.about, 13, FAINT)
    if badge:
        letter(sheet, start + width - 26, y, badge, colour)


def letter(sheet: Sheet, x: float, y: float, badge: str, colour: str) -> None:
    """The letter of a circuit."""
    sheet.circle(x, y, 10, colour, colour)
    sheet.text(x, y + 4.5, badge, 12.5, "#ffffff", at="middle", bold=True)


def _side(pin: int) -> int:
    """−1 for the left column, 1 for the right one."""
    return -1 if pin % 2 else 1
