"""Notes of the equal-tempered scale by their names: 60 is C4, 69 is A4."""

import math

NOTE_NAMES = ("C", "C♯", "D", "D♯", "E", "F", "F♯", "G", "G♯", "A", "A♯", "B")


def note_name(note: int) -> str:
    """The name of a MIDI number; octaves below the first are 0, −1 and so on."""
    return f"{NOTE_NAMES[note % 12]}{note // 12 - 1}"


def name_and_cents(note: float) -> str:
    """The nearest note to a MIDI number with fractions, and how far it is off: `A4 +3 c`."""
    cents = round(note * 100.0)
    nearest = math.floor(cents / 100.0 + 0.5)
    return f"{note_name(nearest)} {cents - 100 * nearest:+d} c"
