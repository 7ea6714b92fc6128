"""Where GPIO lines are on the 40-pin header, for who has to look at a wire."""

_ODD = (None, 2, 3, 4, None, 17, 27, 22, None, 10, 9, 11, None, 0, 5, 6, 13, 19, 26, None)
_EVEN = (None, None, None, 14, 15, 18, None, 23, 24, None, 25, 8, 7, 1, None, 12, None, 16, 20, 21)
HEADER = {
    pin: 2 * row + side
    for side, column in ((1, _ODD), (2, _EVEN))
    for row, pin in enumerate(column)
    if pin is not None
}
"""BCM number → pin of the header."""


def place(pin: int) -> str:
    """A line in words."""
    return f"GPIO {pin} (header pin {HEADER[pin]})" if pin in HEADER else f"GPIO {pin}"
