"""Names that come from outside open nothing outside their folders."""

import os
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ddsp_pi import places
from ddsp_pi.cli import main
from ddsp_pi.control.acting import named
from ddsp_pi.control.preset_file import Preset, check_name
from ddsp_pi.control.watch import InstrumentWatch
from ddsp_pi.errors import ConfigError, InstrumentError
from ddsp_pi.models.library import SHIPPED, find_named, finder, list_instruments, own_folder
from ddsp_pi.processes.sounds import open_presets
from tests.instruments import VIOLIN, changed, own_violin, with_card

PATHS = ("..", ".", "", "/", "../violin", "../../etc/passwd", "/etc/passwd", "violin/", ".violin", "~root")
LETTERS = ("violin\0", "violin\n", "vіolin", "ｖiolin", "violin\u202e", "\udcff", "%2e%2e", "con:", "-rf")
TRICKS = (*PATHS, *LETTERS, "x" * 65, "x" * 5000)
ALPHABET = "./\\~\0\n abcviolin-_%0:*?[]é"
NAMES = st.sampled_from(TRICKS) | st.text(ALPHABET, max_size=80) | st.text(max_size=80)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """An own library and own presets, with files beside them that nobody is to reach."""
    root = tmp_path_factory.mktemp("root")
    folder = root / "data"
    own_violin(folder / "models" / "mine.onnx", "mine")
    for outside in (root, folder):
        shutil.copy(VIOLIN, outside / "secret.onnx")
        (outside / "secret.yaml").write_text("format: 1\nmode: cv\ninstrument: violin\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DDSP_PI_DATA", str(folder))
        yield folder


def tree(folder):
    return sorted(path for path in folder.parent.rglob("*"))


def of_the_library(path):
    return path.parent in (SHIPPED, own_folder()) and path in list_instruments().values()


@settings(deadline=None)
@given(NAMES)
@example("../secret")
@example("../secret.onnx")
def test_instruments_are_found_by_name_in_the_library_only(data, name):
    with suppress(InstrumentError):
        assert of_the_library(find_named(name))


def test_what_the_engine_reports_is_found_and_other_files_are_not(data):
    for path in list_instruments().values():
        assert find_named(str(path)) == path
    roundabout = data / "models" / ".."
    for path in (data / "secret.onnx", roundabout / "secret.onnx", roundabout / "models" / "mine.onnx"):
        assert path.exists()
        with pytest.raises(InstrumentError):
            find_named(str(path))


def test_the_owner_s_choice_may_be_any_file_and_messages_may_come_back_to_it(data):
    chosen = str(data / "secret.onnx")
    watch, played, said = InstrumentWatch(chosen, finder(lambda: chosen)), [], []
    for name in ("mine", chosen, str(data.parent / "secret.onnx")):
        watch.select(name)
        watch.poll(played.append, said.append)
    assert played == [own_folder() / "mine.onnx", Path(chosen)]
    assert "no instrument called" in said[-1]


@settings(deadline=None)
@given(NAMES)
@example("../secret")
def test_presets_are_read_and_written_in_their_folders_only(data, name):
    presets, before = open_presets(), tree(data)
    try:
        path = presets.save(Preset(name, "cv", "violin"))
    except ConfigError:
        assert tree(data) == before
        with pytest.raises(ConfigError):
            presets.load(name)
        return
    assert path.parent == data / "presets"
    assert {path, path.parent, *before} == set(tree(data))
    assert presets.load(name).preset.name == name
    path.unlink()


@pytest.mark.parametrize("name", TRICKS)
def test_tricks_are_no_names(name):
    with pytest.raises(ConfigError):
        check_name(name)
    if len(name) < 65:
        with pytest.raises(ValueError, match="wants a name"):
            named(lambda name: None)(name)


# A card is UTF-8, in which not every text can be.
@pytest.mark.parametrize("name", [name for name in TRICKS if name != "\udcff"])
def test_a_card_s_name_is_no_path(data, tmp_path, name, capsys):
    before = tree(data)
    file = changed(tmp_path / "given.onnx", with_card(name=name))
    assert main(["models", "add", str(file)]) == 2
    assert "card" in capsys.readouterr().err
    assert tree(data) == before


@pytest.mark.parametrize("name", ["../secret", "/etc/passwd", "..", "mine\n"])
def test_only_instruments_of_the_library_are_removed(data, name):
    before = tree(data)
    assert main(["models", "remove", name]) == 2
    assert tree(data) == before


def test_the_system_s_folder_counts_even_for_who_may_not_write_there(tmp_path, monkeypatch):
    monkeypatch.delenv("DDSP_PI_DATA", raising=False)
    monkeypatch.setattr(places, "SYSTEM_DATA", tmp_path / "system")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert places.data_folder() == tmp_path / "home" / ".local" / "share" / "ddsp_pi"
    (tmp_path / "system").mkdir(mode=0o500)
    assert places.data_folder() == tmp_path / "system"


READS = """
from ddsp_pi.config import load_config
from ddsp_pi.models.library import add_instrument, list_instruments
from ddsp_pi.models.warm import WarmLibrary
from ddsp_pi.places import data_folder
from ddsp_pi.processes.launch import Launch
from ddsp_pi.processes.resuming import recall
from ddsp_pi.processes.sounds import open_presets
from ddsp_pi.rack.boards import find_board
from ddsp_pi.rack.calibration_file import CalibrationWatch
from tests.instruments import VIOLIN
said = []
print(sorted(list_instruments()))
print([path.stem for path in open_presets().files()])
open_presets().load("violin-solo")
try:
    open_presets().load("mine")
except ValueError as error:
    said.append(str(error))
WarmLibrary(say=said.append).warm(1)
recall(Launch(0, load_config(), unattended=True), said.append)
CalibrationWatch(data_folder(), find_board("breadboard"), lambda found: None).poll(said.append)
try:
    add_instrument(VIOLIN)
except OSError as error:
    print("REFUSED", error)
print("SAID", said)
"""


@pytest.mark.parametrize("mode", [0o000, 0o444, 0o555])
def test_a_folder_that_may_not_be_read_or_written_stops_nobody(tmp_path, monkeypatch, need, mode):
    folder = tmp_path / "data"
    monkeypatch.setenv("DDSP_PI_DATA", str(folder))
    for name in ("models", "presets", "calibration"):
        (folder / name).mkdir(parents=True)
        (folder / name / "mine.onnx").write_bytes(VIOLIN.read_bytes())
        (folder / name / "mine.yaml").write_text("format: 1")
        (folder / name).chmod(mode)
    (folder / "state.yaml").write_text("format: 1")
    (folder / "state.yaml").chmod(mode & 0o444)
    folder.chmod(mode)
    # Root without its privileges: an owner like any other.
    plain = ["setpriv", "--bounding-set=-all"] if os.geteuid() == 0 else []
    if plain:
        need("setpriv", "util-linux")
    done = subprocess.run([*plain, sys.executable, "-c", READS], capture_output=True, text=True, timeout=120)
    folder.chmod(0o755)
    for name in ("models", "presets", "calibration"):
        (folder / name).chmod(0o755)
    assert done.returncode == 0, done.stderr
    assert "violin" in done.stdout
    assert "violin-solo" in done.stdout
    assert "Permission denied" in done.stdout.partition("REFUSED")[2]
