"""The copy of settings that have played for a while."""

import errno

import msgspec
import pytest

from ddsp_pi.places import last_good_file
from ddsp_pi.processes import proven
from ddsp_pi.processes.launch import Status
from ddsp_pi.processes.proven import PROVEN_S, Proven


@pytest.fixture(autouse=True)
def data(tmp_path, monkeypatch):
    monkeypatch.setenv("DDSP_PI_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


@pytest.fixture
def said():
    return []


@pytest.fixture
def keeper(said):
    return Proven(lambda act: act(), said.append)


PLAYING = Status(engine=7, playing=True, telemetry=b"", instrument="", values={})
WAITING = msgspec.structs.replace(PLAYING, playing=False)


def looks(keeper, begin_s, end_s, raw=b"voices: 2\n", status=PLAYING):
    for half in range(int(begin_s * 2), int(end_s * 2) + 1):
        keeper.look(raw, status, half / 2)


def kept():
    return last_good_file().read_bytes() if last_good_file().exists() else None


def test_settings_are_kept_to_the_byte_once_they_have_proven_themselves(keeper):
    looks(keeper, 0, PROVEN_S - 0.5)
    assert kept() is None
    looks(keeper, PROVEN_S, PROVEN_S)
    assert kept() == b"voices: 2\n"


@pytest.mark.parametrize("status", [None, WAITING, msgspec.structs.replace(PLAYING, engine=8)])
def test_without_sound_or_with_another_engine_the_time_begins_again(keeper, status):
    looks(keeper, 0, 8)
    looks(keeper, 8.5, 8.5, status=status)
    looks(keeper, 9, 18.5)
    assert kept() is None
    looks(keeper, 19, 19)
    assert kept()


def test_without_a_good_file_nothing_is_kept(keeper):
    looks(keeper, 0, 60, raw=b"")
    assert kept() is None


def test_other_settings_have_to_prove_themselves_too(keeper):
    looks(keeper, 0, 10)
    looks(keeper, 10.5, 20, raw=b"voices: 3\n")
    assert kept() == b"voices: 2\n"
    looks(keeper, 20.5, 20.5, raw=b"voices: 3\n")
    assert kept() == b"voices: 3\n"


def test_what_is_kept_already_is_not_written_again(keeper):
    looks(keeper, 0, 10)
    before = last_good_file().stat()
    looks(keeper, 10.5, 60)
    assert last_good_file().stat() == before


def test_a_full_disk_is_said_once_and_survived(keeper, said, monkeypatch):
    def full(path, content):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(proven, "write_whole", full)
        looks(keeper, 0, 45)
    (complaint,) = said
    assert complaint.startswith(f"{last_good_file()}: No space left on device; these settings play")
    looks(keeper, 45.5, 60)
    assert kept() == b"voices: 2\n"
    assert len(said) == 1
