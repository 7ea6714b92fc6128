"""The Pd process with the real Pd, under a real supervisor."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest

from ddsp_pi import shipped
from ddsp_pi.config import load_config
from ddsp_pi.processes.launch import Launch, command
from ddsp_pi.processes.pd import Lines, PatchWatch, patch_file
from ddsp_pi.shipped import puredata_folder
from tests.processes.stage import BEAT, IDLE, REFUSE, Stage, lives

HEAD = "#N canvas 0 0 450 300 12;\n"
SAYS = (
    HEAD
    + "#X obj 10 10 loadbang;\n#X msg 10 40 {0};\n#X obj 10 70 print {0};\n"
    + ("#X connect 0 0 1 0;\n#X connect 1 0 2 0;\n")
)

SUPERVISOR = """
import json, sys
from ddsp_pi.link import shared
from ddsp_pi.processes.heartbeat import Patience
from ddsp_pi.processes.supervisor import Supervisor
link = shared.create()
sys.exit(Supervisor(link, {"pd": json.loads(sys.argv[1])}, Patience()).run())
"""


class Rack:
    """A supervisor with nothing but the Pd process, and what both say."""

    def __init__(self, folder: Path, patch: Path, **settings: str) -> None:
        config = load_config()
        pd = msgspec.structs.replace(config.pd, patch=str(patch), **settings)
        argv = command("pd", Launch(0, msgspec.structs.replace(config, pd=pd)))
        self._said = folder / "said"
        with self._said.open("w") as said:
            self.supervisor = subprocess.Popen(
                [sys.executable, "-c", SUPERVISOR, json.dumps(argv)],
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                process_group=0,
            )

    def said(self) -> str:
        return self._said.read_text()

    def until(self, happened, seconds=30.0):
        end = time.monotonic() + seconds
        while not happened():
            assert time.monotonic() < end, f"not within {seconds} s; {self.said()}"
            time.sleep(0.02)

    def until_said(self, text, times=1):
        self.until(lambda: self.said().count(text) >= times)

    def pds(self) -> list[int]:
        """Processes of Pd below the supervisor."""
        keepers = children(self.supervisor.pid)
        return [pid for keeper in keepers for pid in children(keeper) if lives(pid)]

    def close(self) -> None:
        if self.supervisor.poll() is None:
            self.supervisor.kill()
        self.supervisor.wait()


def children(pid: int) -> list[int]:
    try:
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []


@pytest.fixture
def patch(tmp_path):
    path = tmp_path / "patches" / "tune.pd"
    path.parent.mkdir()
    path.write_text(SAYS.format("first"))
    return path


@pytest.fixture
def play(tmp_path, patch):
    racks = []

    def play(**settings):
        racks.append(Rack(tmp_path, patch, **settings))
        return racks[-1]

    yield play
    for rack in racks:
        rack.close()


@pytest.fixture
def playing(need, play):
    """With the patch open."""
    need("pd", "puredata-core")
    rack = play()
    rack.until_said("pd: first: first")
    return rack


def saved(path, text):
    """As an editor does: written beside, and moved there."""
    new = path.with_suffix(".new")
    new.write_text(text)
    new.rename(path)


@pytest.mark.real
def test_what_the_patch_prints_is_in_the_log(playing, patch):
    assert f"Pd plays {patch}" in playing.said()
    assert len(playing.pds()) == 1
    assert "error" not in playing.said()


@pytest.mark.real
def test_a_saved_patch_is_played_as_it_is_now(playing, patch):
    (before,) = playing.pds()
    saved(patch, SAYS.format("second"))
    playing.until_said("pd: second: second")
    assert not lives(before)
    assert "tune.pd was saved" in playing.said()
    assert "ddsp-pi:" not in playing.said(), "for the supervisor nothing has happened"


@pytest.mark.real
def test_a_patch_beside_it_counts_as_well(playing, patch):
    patch.with_name("helper.pd").write_text(HEAD)
    playing.until_said("pd: first: first", times=2)


@pytest.mark.real
def test_a_killed_pd_is_started_again(playing):
    (before,) = playing.pds()
    os.kill(before, signal.SIGKILL)
    playing.until_said("pd: first: first", times=2)
    assert "Pd ended (signal 9)" in playing.said()
    assert "it is started again now" in playing.said()


@pytest.mark.real
def test_no_pd_outlives_a_killed_supervisor(playing):
    (pid,) = playing.pds()
    playing.supervisor.kill()
    playing.supervisor.wait()
    playing.until(lambda: not lives(pid))


@pytest.mark.real
def test_no_pd_outlives_its_killed_keeper(playing):
    (pid,) = playing.pds()
    (keeper,) = children(playing.supervisor.pid)
    os.kill(keeper, signal.SIGKILL)
    playing.until(lambda: not lives(pid))


@pytest.mark.real
def test_a_stop_ends_pd_too(playing):
    (pid,) = playing.pds()
    playing.supervisor.terminate()
    assert playing.supervisor.wait(30) == 0
    assert not lives(pid)
    assert "Pd ended" not in playing.said()
    assert "killed" not in playing.said()


@pytest.mark.real
def test_an_error_in_the_patch_is_in_the_log(playing, patch):
    saved(patch, HEAD + "#X obj 10 10 theremin;\n")
    playing.until_said("theremin")
    playing.until_said("couldn't create")


@pytest.mark.real
def test_a_missing_patch_is_said_once_and_played_when_it_is_there(need, play, patch):
    need("pd", "puredata-core")
    patch.unlink()
    rack = play()
    rack.until_said(f"there is no patch {patch}")
    time.sleep(1.2)
    assert rack.said().count("\n") == 1
    patch.write_text(SAYS.format("late"))
    rack.until_said("pd: late: late")


@pytest.mark.real
def test_the_object_of_the_module_is_found_from_any_folder(playing, patch):
    saved(patch, SAYS.format("second") + "#X obj 10 100 ddsp;\n")
    playing.until_said("pd: second: second")
    time.sleep(0.3)
    assert "couldn't create" not in playing.said()


def test_a_missing_program_is_said_once_and_nothing_ends(play):
    rack = play(program="pd-of-tomorrow")
    rack.until_said("no program 'pd-of-tomorrow' (sudo apt install puredata)")
    time.sleep(1.2)
    assert rack.said().count("\n") == 1
    assert rack.supervisor.poll() is None


def test_a_pd_process_that_refuses_stays_away_and_the_others_play_on(tmp_path):
    stage = Stage(tmp_path, BEAT, IDLE, {}, 0.5, pd=REFUSE)
    try:
        pids = stage.until_playing()
        stage.until(lambda: "pd ended with exit code 2" in stage.said())
        time.sleep(1.0)
        assert all(lives(pid) for pid in pids)
        assert len(stage.pids("pd")) == 1
        stage.supervisor.terminate()
        assert stage.supervisor.wait(30) == 0
    finally:
        stage.close()


def test_two_looks_must_agree_before_a_patch_counts_as_saved(patch):
    watch = PatchWatch(patch)
    assert not watch.saved()
    patch.write_text(SAYS.format("a longer one"))
    assert not watch.saved()
    patch.write_text(SAYS.format("a longer one still"))
    assert not watch.saved()
    assert watch.saved()
    assert not watch.saved()


def test_a_patch_that_went_is_not_a_saved_one_until_it_is_back(patch):
    watch = PatchWatch(patch)
    patch.unlink()
    assert not any(watch.saved() for _ in range(3))
    patch.write_text(SAYS.format("back"))
    assert [watch.saved() for _ in range(3)] == [False, True, False]


def test_the_lock_of_an_editor_is_no_patch(patch):
    watch = PatchWatch(patch)
    patch.with_name(".#tune.pd").symlink_to("nowhere")
    assert not any(watch.saved() for _ in range(3))
    patch.write_text(SAYS.format("saved under a lock"))
    assert [watch.saved() for _ in range(3)] == [False, True, False]


def test_a_patch_that_prints_without_end_does_not_fill_the_log():
    said = []
    lines = Lines(said.append)
    for ms in range(10_000):
        lines.feed(b"again\n" * 10, ms / 1000)
    assert Lines.AT_ONCE <= len(said) <= Lines.AT_ONCE + 10 * Lines.PER_S
    lines.feed(b"done\n", 11.0)
    assert said[-1].startswith("done (")
    assert "lines before it left out" in said[-1]


def test_a_line_in_pieces_is_one_line_and_one_without_end_is_cut():
    said = []
    lines = Lines(said.append)
    lines.feed(b"ha", 0.0)
    lines.feed(b"lf\n\xff\n", 0.0)
    lines.feed(b"x" * 100_000, 0.0)
    assert said[:2] == ["half", "\ufffd"]
    assert len(said[2]) == 400


@pytest.mark.parametrize("is_wheel", [True, False])
def test_the_patches_are_inside_a_wheel_and_beside_a_checkout(tmp_path, monkeypatch, is_wheel):
    package = tmp_path / "ddsp_pi"
    expected = package / "puredata" if is_wheel else tmp_path / "puredata"
    expected.mkdir(parents=True)
    monkeypatch.setattr(shipped, "__file__", str(package / "shipped.py"))
    assert puredata_folder() == expected


def test_a_patch_that_ships_is_found_by_its_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shipped = puredata_folder() / "drone.pd"
    assert shipped.is_file()
    assert patch_file("drone") == patch_file("drone.pd") == shipped
    assert patch_file("mine.pd") == tmp_path / "mine.pd"
    (tmp_path / "drone.pd").touch()
    assert patch_file("drone.pd") == tmp_path / "drone.pd", "one's own comes first"
