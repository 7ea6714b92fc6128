"""Everything of ours that writes into the data folder, and three that do it wrong."""

import dataclasses
import os
from collections.abc import Callable
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from ddsp_pi.app import MODE_PARAMS, build
from ddsp_pi.config import load_config
from ddsp_pi.control.preset_file import Preset
from ddsp_pi.control.state_file import Began, State, read_state, state_path, state_text, write_state
from ddsp_pi.errors import ConfigError
from ddsp_pi.files import write_whole
from ddsp_pi.models.bundle import load_instrument
from ddsp_pi.models.library import add_instrument, find_instrument, list_files, own_folder, remove_instrument
from ddsp_pi.places import data_folder, last_good_file
from ddsp_pi.processes.launch import Launch
from ddsp_pi.processes.resuming import recall, resume
from ddsp_pi.processes.sounds import open_presets
from ddsp_pi.rack.board import NullBoard
from ddsp_pi.rack.boards import find_board
from ddsp_pi.rack.calibration import Calibration, Point
from ddsp_pi.rack.calibration_file import load_calibrations, restore_calibration, save_calibration

BOARD = find_board("terminal-tedium-wm8731")
BEGAN = Began("cv", "violin", {})


@dataclasses.dataclass(frozen=True)
class Writer:
    """What is there before, what writes, and what is read of it afterwards. All work on $DDSP_PI_DATA."""

    write: Callable[[], object]
    read: Callable[[], Any]
    """Raises: what is there cannot be used."""
    before: Callable[[], object] = lambda: None


def _played(brightness: float) -> State:
    many = {spec.name: spec.from_norm(0.37) for spec in MODE_PARAMS["cv"]}
    return State(BEGAN, "cello", "cello-solo", many | {"brightness": brightness}, {"glide": 33})


def _state(brightness: float) -> Callable[[], None]:
    return lambda: write_state(state_path(data_folder()), _played(brightness))


def _preset(brightness: float, midi: dict[str, int]) -> Callable[[], Path]:
    preset = Preset("mine", "cv", "violin", {"brightness": brightness}, "A note. " * 200, midi)
    return lambda: open_presets().save(preset)


def _read_preset() -> object:
    presets = open_presets()
    if "mine" not in presets.names():
        return None
    loaded = presets.load("mine")
    assert not loaded.left_out, loaded.left_out
    return loaded.preset


def _calibration(cents: float) -> Callable[[], Path]:
    voltages = (-4.0, -2.0, 0.0, 2.0, 4.0)
    points = tuple(Point(volts, volts * 0.99 + cents / 1200, 0.001, 4096) for volts in voltages)
    cv = BOARD.cvs[0]
    made = datetime(2024, 1, 1, 12)
    calibration = Calibration(made=made, span=(cv.low_volts, cv.high_volts), points=points)
    return lambda: save_calibration(data_folder(), BOARD, 1, calibration)


def _read_calibrations() -> list[object]:
    """What is calibrated, and where the way back leads; afterwards it is as it was."""
    found = []
    for _ in range(2):
        found.append(load_calibrations(data_folder(), BOARD))
        restore_calibration(data_folder(), BOARD)
    return found


def _settings(brightness: float) -> Callable[[], None]:
    text = f"params: {{brightness: {brightness}}}\n" + "# a line of the owner's\n" * 100
    return lambda: write_whole(last_good_file(), text)


def _read_settings() -> object:
    return load_config(last_good_file()) if last_good_file().exists() else None


@cache
def _instruments() -> tuple[Path, Path]:
    """Two of one name, kept outside the folder that loses its power."""
    folder = Path(os.environ["POWER_INSTRUMENTS"])
    return folder / "first.onnx", folder / "second.onnx"


def _read_instruments() -> list[tuple[str, str]]:
    cards = [load_instrument(path).card for path in list_files() if path.parent == own_folder()]
    return [(card.name, card.author) for card in cards]


def _both(*acts: Callable[[], object]) -> Callable[[], None]:
    def act() -> None:
        for each in acts:
            each()

    return act


def _naive(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def _naive_rename(path: Path, text: str) -> None:
    beside = path.with_suffix(".new")
    _naive(beside, text)
    beside.rename(path)


def _without_the_folder(path: Path, text: str) -> None:
    beside = path.with_suffix(".new")
    with beside.open("w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    beside.rename(path)


def _wrong(write: Callable[[Path, str], None]) -> Writer:
    """A state that is written in a way that looks right."""
    text = state_text(_played(1.0))
    return Writer(lambda: write(state_path(data_folder()), text), _read_state, _state(2.0))


def _read_state() -> State | None:
    return read_state(state_path(data_folder()))


WRITERS = {
    "the first state": Writer(_state(1.0), _read_state),
    "state": Writer(_state(1.0), _read_state, _state(2.0)),
    "the first preset": Writer(_preset(1.0, {}), _read_preset),
    "preset": Writer(_preset(1.0, {}), _read_preset, _preset(2.0, {})),
    "MIDI learn": Writer(_preset(1.0, {"glide": 33}), _read_preset, _preset(1.0, {})),
    "settings": Writer(_settings(1.0), _read_settings, _settings(2.0)),
    "the first calibration": Writer(_calibration(5.0), lambda: load_calibrations(data_folder(), BOARD)),
    "calibration": Writer(
        _calibration(5.0), lambda: load_calibrations(data_folder(), BOARD), _calibration(9.0)
    ),
    "calibration restored": Writer(
        lambda: restore_calibration(data_folder(), BOARD),
        _read_calibrations,
        _both(_calibration(5.0), _calibration(9.0)),
    ),
    "models add": Writer(lambda: add_instrument(_instruments()[0]), _read_instruments),
    "models add --replace": Writer(
        lambda: add_instrument(_instruments()[1], replace=True),
        _read_instruments,
        lambda: add_instrument(_instruments()[0]),
    ),
    "models remove": Writer(
        lambda: remove_instrument("nyckelharpa"),
        _read_instruments,
        lambda: add_instrument(_instruments()[0]),
    ),
}

WRONG = {
    "in place": _wrong(_naive),
    "renamed before it is on the disk": _wrong(_naive_rename),
    "the folder forgotten": _wrong(_without_the_folder),
}


def start() -> None:
    """What a start reads, as engine and control do; raises if it fails, or leaves something out."""
    last_good = last_good_file()
    config = load_config(last_good if last_good.exists() else None)
    said: list[str] = []
    found = recall(Launch(0, config, unattended=True), said.append)
    assert all(line.startswith("as when it was switched off") for line in said), said
    said.clear()
    load_calibrations(data_folder(), BOARD)
    presets = open_presets()
    for path in presets.files():
        if presets.is_own(path):
            presets.read(path)
    app = build(config, NullBoard())
    resume(app, found, said.append)
    assert app.instrument.path in (find_instrument("violin"), find_instrument("cello"))
    assert not said, said


def refused(act: Callable[[], object]) -> str:
    """Why something fails; empty: it does not."""
    try:
        act()
    except (ConfigError, OSError, AssertionError, ValueError, LookupError) as error:
        return f"{type(error).__name__}: {error}"
    return ""
