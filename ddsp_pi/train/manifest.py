"""A list of single notes, notes.csv: which file plays which note, and how."""

import csv
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ddsp_pi.errors import RecordingError
from ddsp_pi.models.card import Style

MANIFEST = "notes.csv"

FILE, NOTE, RELEASE = "file", "note", "release_s"
AT_END = "end"
"""In place of a time: where the recording begins to end."""

LOWEST_NOTE, HIGHEST_NOTE = 16.0, 127.0
"""MIDI numbers; a period of a lower note is too long to be analysed."""

LONGEST_S = 3600.0


@dataclass(frozen=True, slots=True)
class ListedNote:
    """One row: a recording of one note."""

    recording: Path
    note: float
    """MIDI number."""
    controls: tuple[float, ...]
    """0..1, in the order of the style's controllers."""
    release_s: float | None
    """Seconds after the beginning of the note at which its key went up; None: held to the end, or it is not
    known when."""
    ends: bool
    """Whether its key goes up somewhere at its end."""


@dataclass(frozen=True, slots=True)
class _Row:
    """One line of the list, which knows where it stands."""

    where: str
    cells: dict[str, str]

    def number(self, column: str, low: float, high: float, other: str = "") -> float:
        text = self.cells[column]
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not low <= value <= high:
            raise RecordingError(
                f"{self.where}, column {column}: {text!r} is no number from {low:g} to {high:g}{other}"
            )
        return value


def read_manifest(path: Path, style: Style) -> list[ListedNote]:
    """The notes of a list, in its order.

    Columns: `file` (absolute, or as seen from the folder of the list), `note`, one for each controller
    of the style and, where keys go up, `release_s`. Other columns are left alone.

    Raises:
        RecordingError: the list cannot be read, or says something that cannot be; the message names
            the line and the column.
    """
    controllers = [controller.name for controller in style.controllers]
    rows = _rows(path, (FILE, NOTE, *controllers))
    if not rows:
        raise RecordingError(f"{path}: no note in it; give a line for each recording")
    notes = [_listed(row, path.parent, controllers) for row in rows]
    _check_once(rows, notes)
    return notes


def _rows(path: Path, wanted: Sequence[str]) -> list[_Row]:
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file, restkey="", restval="")
            _check_columns(path, reader.fieldnames or (), wanted)
            cells = [(reader.line_num, {k: str(v).strip() for k, v in row.items()}) for row in reader]
    except OSError as error:
        raise RecordingError(f"cannot read {path}: {error.strerror}") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise RecordingError(
            f"{path}: not text with values between commas ({error}); export it as CSV in UTF-8"
        ) from None
    return [_Row(f"{path}, line {line}", row) for line, row in cells if any(row.values())]


def _check_columns(path: Path, found: Iterable[str], wanted: Sequence[str]) -> None:
    missing = [name for name in wanted if name not in found]
    if missing:
        raise RecordingError(
            f"{path}, line 1: no column {missing[0]!r}; the first line names the columns: "
            f"{', '.join(wanted)} and, where keys go up, {RELEASE}"
        )


def _listed(row: _Row, folder: Path, controllers: Sequence[str]) -> ListedNote:
    name = row.cells[FILE]
    if not name or not (folder / name).is_file():
        raise RecordingError(f"{row.where}, column {FILE}: there is no file {name!r} (from {folder})")
    release = row.cells.get(RELEASE, "")
    return ListedNote(
        folder / name,
        row.number(NOTE, LOWEST_NOTE, HIGHEST_NOTE),
        tuple(row.number(controller, 0.0, 1.0) for controller in controllers),
        row.number(RELEASE, 0.0, LONGEST_S, f" or {AT_END!r}") if release not in ("", AT_END) else None,
        release == AT_END,
    )


def _check_once(rows: Sequence[_Row], notes: Sequence[ListedNote]) -> None:
    """The same sound in both sets would be a leak."""
    seen: dict[Path, str] = {}
    for row, note in zip(rows, notes, strict=True):
        path = note.recording.resolve()
        if path in seen:
            raise RecordingError(
                f"{row.where}, column {FILE}: {note.recording.name} is in {seen[path]} as well"
            )
        seen[path] = row.where
