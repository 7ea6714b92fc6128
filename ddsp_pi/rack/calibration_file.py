"""Where calibrations are kept: one YAML file for each board, for people to read, and the one before it."""

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Literal

import msgspec
import yaml

from ddsp_pi.errors import BoardError, ConfigError
from ddsp_pi.files import Sight, settle_folder, sight, write_whole
from ddsp_pi.located import dotted, problem_of, read_yaml
from ddsp_pi.rack.calibration import Calibration, correction, corrections
from ddsp_pi.rack.cvs import Correction, by_jack
from ddsp_pi.rack.spec import BoardSpec
from ddsp_pi.sections import Jack

HEADER = """\
# What the CV jacks of a board read for known volts, written by 'ddsp-pi calibrate'; with --restore it takes
# back the last change. volts = at the jack; nominal = as read, in volts by the parts on the board.
"""


class Document(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a file says."""

    format: Literal[1]
    board: str
    jacks: dict[Jack, Calibration]


def calibration_path(folder: Path, spec: BoardSpec) -> Path:
    """The file of a board. `folder`: the data folder of the installation."""
    return folder / "calibration" / f"{spec.name}.yaml"


def load_calibrations(folder: Path, spec: BoardSpec) -> dict[int, Calibration]:
    """The calibrated jacks of a board, from 1 on; none if there is no file.

    Raises:
        ConfigError: the file is damaged, is another board's, or what it says cannot be.
    """
    path = calibration_path(folder, spec)
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}") from None
    return _read(path, spec)


def save_calibration(folder: Path, spec: BoardSpec, jack: int, calibration: Calibration) -> Path:
    """Keep the calibration of one jack beside those of the others; returns the file.

    The file of before is kept beside it, for `restore_calibration`.

    Raises:
        OSError: it cannot be written; what was there before still is.
    """
    path = calibration_path(folder, spec)
    try:
        kept = load_calibrations(folder, spec)
    except ConfigError:
        # A damaged file helps nobody, but stays as the one of before.
        kept = {}
    before = path.read_bytes() if path.exists() else _text(spec, {}).encode()
    write_whole(_previous(path), before)
    write_whole(path, _text(spec, kept | {jack: calibration}).encode())
    return path


def restore_calibration(folder: Path, spec: BoardSpec) -> Path:
    """Change places with the file of before, so that a second time takes it back; returns the file.

    A power cut at any moment leaves both, and the next time goes on from there.

    Raises:
        ConfigError: there is none, or it cannot be used.
        OSError: it cannot be written.
    """
    path = calibration_path(folder, spec)
    previous, aside = _previous(path), path.with_name(f".{path.name}.aside")
    if aside.exists() and not previous.exists():
        # The power went between the last two steps below.
        aside.replace(previous)
    if not previous.exists():
        raise ConfigError(f"no calibration of before: there is no {previous}")
    _read(previous, spec)
    write_whole(aside, path.read_bytes() if path.exists() else _text(spec, {}).encode())
    for old, new in ((previous, path), (aside, previous)):
        old.replace(new)
        settle_folder(path.parent)
    return path


class CalibrationWatch:
    """Keeps what corrects the jacks in step with the file of a board, from the first look on."""

    def __init__(
        self, folder: Path, spec: BoardSpec, correct: Callable[[Mapping[int, Correction]], None]
    ) -> None:
        """`correct` takes corrections by jack, as CvReader.correct does."""
        self._folder, self._spec, self._correct = folder, spec, correct
        self._path = calibration_path(folder, spec)
        self._seen: Sight | tuple[()] | None = ()

    def poll(self, say: Callable[[str], None]) -> None:
        """Look once. A file that cannot be used is said with its reason and changes nothing."""
        seen = self._look()
        if seen == self._seen:
            return
        self._seen = seen
        try:
            found = load_calibrations(self._folder, self._spec)
        except (ConfigError, OSError) as error:
            say(f"{error}. The jacks stay as they were; 'ddsp-pi calibrate' makes a new calibration")
            return
        self._correct(corrections(found))
        say(f"calibrated: {_names(found)}" if found else "no CV jack is calibrated: see 'ddsp-pi calibrate'")

    def _look(self) -> Sight | None:
        try:
            return sight(self._path)
        except OSError:
            return None


def _names(calibrations: Mapping[int, Calibration]) -> str:
    return ", ".join(f"CV {jack} ({calibrations[jack].made:%Y-%m-%d})" for jack in sorted(calibrations))


def _previous(path: Path) -> Path:
    return path.with_name(f"{path.name}.previous")


def _read(path: Path, spec: BoardSpec) -> dict[int, Calibration]:
    source = read_yaml(path)
    try:
        document = msgspec.convert(source.data, Document)
    except msgspec.ValidationError as error:
        problem = problem_of(str(error), source.data)
        where = f"at {dotted(problem.place)}, line {source.line(problem.place)} of {path}"
        raise ConfigError(f"no calibration: {problem.what} {where}") from None
    if document.board != spec.name:
        raise ConfigError(f"{path}: is of board {document.board!r}, not {spec.name!r}")
    found = by_jack(document.jacks)
    for jack, calibration in found.items():
        _check(jack, calibration, spec, path)
    return found


def _check(jack: int, calibration: Calibration, spec: BoardSpec, path: Path) -> None:
    if jack > len(spec.cvs):
        raise ConfigError(f"{path}: there is no CV {jack}; {spec.title} has {len(spec.cvs)}")
    table = spec.cvs[jack - 1]
    if calibration.span != (table.low_volts, table.high_volts):
        raise ConfigError(
            f"{path}: CV {jack} was calibrated as a jack of {calibration.span[0]:g} to "
            f"{calibration.span[1]:g} V and is one of {table.low_volts:g} to {table.high_volts:g} V: "
            "calibrate it again"
        )
    try:
        correction(calibration.points)
    except BoardError as error:
        raise ConfigError(f"{path}: CV {jack}: {error}") from None


def _text(spec: BoardSpec, calibrations: Mapping[int, Calibration]) -> str:
    jacks = {f"cv{jack}": calibrations[jack] for jack in sorted(calibrations)}
    said = {"format": 1, "board": spec.name, "jacks": jacks}
    plain = msgspec.to_builtins(said, builtin_types=(datetime,))
    # A list of numbers, or a point, takes one line.
    return HEADER + yaml.safe_dump(plain, sort_keys=False, default_flow_style=None, width=110)
