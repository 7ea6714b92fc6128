"""Where things are on the panels, in millimetres from the lower left corner of the board."""

from dataclasses import dataclass

from ddsp_pi.rack.spec import BoardSpec


@dataclass(frozen=True, slots=True)
class Spot:
    """A jack, knob, button or light."""

    kind: str
    """cv, gate in, gate out, audio in, audio out, knob, button or led."""
    number: int
    """As on the panel, from 1 on."""
    x_mm: float
    y_mm: float
    name: str = ""
    """What the board itself calls it, if that is not its kind and number."""


@dataclass(frozen=True, slots=True)
class Layout:
    """A panel, seen from the front."""

    width_mm: float
    height_mm: float
    spots: tuple[Spot, ...]
    about: tuple[str, ...]
    """How far the drawing can be trusted."""


def _row(kind: str, numbers: tuple[int, ...], y_mm: float, *xs_mm: float) -> tuple[Spot, ...]:
    return tuple(Spot(kind, number, x, y_mm) for number, x in zip(numbers, xs_mm, strict=True))


def _knobs(numbers: tuple[int, ...], y_mm: float) -> tuple[Spot, ...]:
    columns = zip(numbers, (10.0, 36.6, 63.3), strict=True)
    return tuple(Spot("knob", number, x, y_mm, f"RE{number}") for number, x in columns)


_UPPER_MM, _LOWER_MM = 21.0, 7.0
TERMINAL_TEDIUM_WM8731 = Layout(
    95.7,
    100.0,
    (
        *_row("gate in", (1, 2), _UPPER_MM, 8.0, 18.0),
        *_row("gate in", (3, 4), _LOWER_MM, 8.0, 18.0),
        *_row("cv", (1, 2, 3), _UPPER_MM, 28.5, 38.7, 48.8),
        *_row("cv", (4, 5, 6), _LOWER_MM, 28.5, 38.7, 48.8),
        Spot("audio in", 1, 59.0, _UPPER_MM),
        Spot("audio in", 2, 59.0, _LOWER_MM),
        Spot("gate out", 1, 77.2, _UPPER_MM),
        Spot("gate out", 2, 77.2, _LOWER_MM),
        Spot("audio out", 1, 87.4, _UPPER_MM),
        Spot("audio out", 2, 87.4, _LOWER_MM),
        *_knobs((1, 4, 6), 88.0),
        *_knobs((2, 3, 5), 51.6),
        Spot("button", 3, 89.0, 88.0),
        Spot("led", 1, 89.0, 88.0),
        Spot("button", 2, 89.0, 69.8),
        Spot("button", 1, 89.0, 51.6),
    ),
    (
        "The jacks are where the placement file of the board has them (95.7 × 100 mm), knobs and buttons "
        "about where its published panel has them. Whether that file shows the board from the front, or left "
        "and right are swapped, is not confirmed.",
        "Knobs bear the board's own names. Which knob belongs to which jack is not published: turn one and "
        "watch ddsp-pi monitor. The same goes for the order of the buttons.",
    ),
)

LAYOUTS = {"terminal-tedium-wm8731": TERMINAL_TEDIUM_WM8731}
"""The panels whose places are known; the others are drawn in plain rows."""

_PITCH_MM, _ROW_MM, _COLUMNS, _MARGIN_MM = 14.0, 17.0, 8, 10.0
_PLAIN = "A plan of what there is, in plain rows: it says nothing of where things are on your panel."

_KNOWN = {
    "terminal-tedium-pcm5102a": "The parts list of this version has six knobs for its eight jacks. Which two "
    "go without is not published, so all are drawn with one."
}
"""What else is to be said of the drawing of a board."""


def layout(spec: BoardSpec) -> Layout:
    """The panel of a board."""
    return LAYOUTS.get(spec.name) or plain(spec)


def plain(spec: BoardSpec) -> Layout:
    """Everything in rows, as nobody said where it is."""
    rows = [_spots("cv", len(spec.cvs))]
    if knobs := [Spot("knob", i, 0, 0) for i, cv in enumerate(spec.cvs, 1) if cv.pot]:
        rows.insert(0, knobs)
    rows.append(_spots("gate in", len(spec.gates_in)) + _spots("gate out", len(spec.gates_out)))
    rows.append(_spots("button", len(spec.buttons)) + _spots("led", int(spec.led is not None)))
    if spec.codec:
        rows.append(_spots("audio in", spec.codec.inputs) + _spots("audio out", spec.codec.outputs))
    cut = [row[at : at + _COLUMNS] for row in rows for at in range(0, len(row), _COLUMNS)]
    height = 2 * _MARGIN_MM + _ROW_MM * (len(cut) - 1)
    placed = [
        Spot(spot.kind, spot.number, _MARGIN_MM + _PITCH_MM * column, height - _MARGIN_MM - _ROW_MM * line)
        for line, row in enumerate(cut)
        for column, spot in enumerate(row)
    ]
    width = 2 * _MARGIN_MM + _PITCH_MM * (max(map(len, cut)) - 1)
    return Layout(width, height, tuple(placed), (_PLAIN, *_KNOWN.get(spec.name, "").splitlines()))


def _spots(kind: str, count: int) -> list[Spot]:
    return [Spot(kind, number, 0.0, 0.0) for number in range(1, count + 1)]
