import errno
import os
import stat
import subprocess
import sys
import threading

import pytest

from ddsp_pi import files
from ddsp_pi.errors import AudioError
from ddsp_pi.files import make_folder, remove, replacing, write_whole


@pytest.fixture
def umask():
    """Sets the umask, until the test ends."""
    before = os.umask(0o022)
    yield os.umask
    os.umask(before)


def write(path, text="new"):
    write_whole(path, text)


@pytest.mark.parametrize("content", ["a line\nund noch eine: ö\n", b"\x00\xff\r\n"])
def test_text_and_bytes_are_written_as_they_are(tmp_path, content):
    write_whole(tmp_path / "a", content)
    assert (tmp_path / "a").read_bytes() == (content.encode() if isinstance(content, str) else content)
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_the_file_appears_only_at_the_end(tmp_path):
    path = tmp_path / "new" / "a.txt"
    with replacing(path, "w") as file:
        file.write("whole")
        assert not path.exists()
    assert path.read_text() == "whole"
    assert list(path.parent.iterdir()) == [path]


def test_an_error_leaves_what_was_there(tmp_path):
    path = tmp_path / "a.bin"
    path.write_bytes(b"before")

    def fail():
        with replacing(path) as file:
            file.write(b"half")
            raise OSError("disk full")

    with pytest.raises(OSError, match="full"):
        fail()
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]


ELSEWHERE = AudioError("the device has gone"), OSError(errno.ENOENT, "gone", "other.wav")


@pytest.mark.parametrize("error", ELSEWHERE)
def test_errors_about_something_else_keep_their_words(tmp_path, error):
    def fail():
        with replacing(tmp_path / "a.bin"):
            raise error

    with pytest.raises(OSError, match="gone") as raised:
        fail()
    assert raised.value is error


@pytest.mark.parametrize(
    ("number", "advice"),
    [
        (errno.ENOSPC, "Make room there: 'df -h"),
        (errno.EDQUOT, "Make room"),
        (errno.EROFS, "read-only"),
        (errno.EACCES, "ask who owns it"),
        (errno.EIO, "still is"),
    ],
)
def test_a_disk_that_refuses_is_said_with_what_to_do(tmp_path, monkeypatch, number, advice):
    def refuse(_):
        raise OSError(number, os.strerror(number))

    path = tmp_path / "a.bin"
    path.write_bytes(b"before")
    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(OSError, match="what was there before still is") as raised:
        write(path)
    assert raised.value.errno == number
    assert advice in str(raised.value)
    assert str(raised.value).startswith(f"{path}: {os.strerror(number)}; it was not written")
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]


def test_who_is_not_in_the_group_is_told_so(tmp_path, monkeypatch):
    def refuse(_):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(files, "SYSTEM_DATA", tmp_path)
    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(PermissionError, match=r"not in the group ddsp-pi yet: log out and in.*sudo"):
        write(tmp_path / "models" / "cello.onnx")


def test_a_folder_that_is_a_file_is_named(tmp_path):
    (tmp_path / "in the way").touch()
    with pytest.raises(NotADirectoryError, match="in the way/deep/a: Not a directory"):
        write(tmp_path / "in the way" / "deep" / "a")


@pytest.mark.parametrize("given", [0o000, 0o022, 0o077])
def test_nobody_else_may_write_a_new_file_or_folder(tmp_path, umask, given):
    umask(given)
    write(tmp_path / "one" / "two" / "a")
    for path in (tmp_path / "one", tmp_path / "one" / "two", tmp_path / "one" / "two" / "a"):
        assert not mode(path) & stat.S_IWOTH


@pytest.mark.parametrize(("before", "after"), [(0o640, 0o640), (0o600, 0o600), (0o666, 0o664)])
def test_who_may_read_and_write_stays(tmp_path, umask, before, after):
    path = tmp_path / "a"
    path.touch()
    path.chmod(before)
    write(path)
    assert (mode(path), path.read_text()) == (after, "new")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_owner_and_group_stay(tmp_path):
    path = tmp_path / "a"
    path.touch()
    os.chown(path, 4242, 4343)
    write(path)
    assert (path.stat().st_uid, path.stat().st_gid) == (4242, 4343)


def test_what_is_made_in_a_shared_folder_is_shared(tmp_path, umask):
    umask(0o077)
    shared = tmp_path / "data"
    shared.mkdir()
    shared.chmod(0o2775)
    write(shared / "models" / "mine" / "a")
    assert [mode(path) for path in (shared / "models", shared / "models" / "mine")] == [0o2775] * 2
    assert mode(shared / "models" / "mine" / "a") == 0o664


DIES = """
import os, sys
from pathlib import Path
from ddsp_pi.files import replacing
with replacing(Path(sys.argv[1])) as file:
    file.write(b"half")
    file.flush()
    if sys.argv[2] == "waits":
        print("writes", flush=True)
        sys.stdin.read()
    else:
        os.kill(os.getpid(), 9)
"""


def test_what_a_dead_writer_left_is_cleared_away_and_what_a_living_one_writes_is_not(tmp_path):
    command = [sys.executable, "-c", DIES, str(tmp_path / "big")]
    subprocess.run([*command, "dies"], check=False)
    (dead,) = tmp_path.iterdir()
    with subprocess.Popen([*command, "waits"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as living:
        living.stdout.readline()
        assert not dead.exists()
        (unfinished,) = tmp_path.iterdir()
        write(tmp_path / "small")
        assert sorted(tmp_path.iterdir()) == [unfinished, tmp_path / "small"]
        living.communicate(b"")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["big", "small"]


def test_threads_that_write_the_same_file_at_once_do_not_mix(tmp_path):
    path, texts = tmp_path / "a", [letter * 100_000 for letter in "abcd"]
    failures = []

    def again_and_again(text):
        try:
            for _ in range(20):
                write(path, text)
        except OSError as error:
            failures.append(error)

    threads = [threading.Thread(target=again_and_again, args=[text]) for text in texts]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        assert not path.exists() or path.read_text() in texts
    assert failures == []
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_system_that_cannot_lock_or_synchronise_folders_is_written_to(tmp_path, monkeypatch):
    def cannot(*_):
        raise OSError(errno.ENOTSUP, os.strerror(errno.ENOTSUP))

    def synchronise(handle, real=os.fsync):
        return cannot() if stat.S_ISDIR(os.fstat(handle).st_mode) else real(handle)

    monkeypatch.setattr(files.fcntl, "flock", cannot)
    monkeypatch.setattr(os, "fsync", synchronise)
    monkeypatch.setattr(os, "fchmod", cannot)
    monkeypatch.setattr(os, "fchown", cannot)
    write(tmp_path / "config.txt", "one")
    write(tmp_path / "config.txt", "two")
    assert (tmp_path / "config.txt").read_text() == "two"


def test_a_removed_file_is_gone(tmp_path):
    path = tmp_path / "a"
    path.touch()
    remove(path)
    assert not path.exists()
    with pytest.raises(FileNotFoundError):
        remove(path)


def test_folders_that_are_there_are_left_alone(tmp_path):
    tmp_path.chmod(0o700)
    make_folder(tmp_path)
    assert mode(tmp_path) == 0o700
