import os

import pytest

from ddsp_pi.control.watch import InstrumentWatch
from ddsp_pi.errors import InstrumentError, LinkError


class Shelf:
    """Instruments that are plain text; one that reads `bad` cannot play."""

    def __init__(self, own, shipped):
        self.own, self.shipped = own, shipped
        self.played, self.said = [], []
        self.watch = InstrumentWatch("violin", self.find)

    def find(self, name):
        for folder in (self.own, self.shipped):
            if (folder / name).exists():
                return folder / name
        raise InstrumentError(f"no instrument called {name!r}")

    def play(self, path):
        if path.read_text() == "bad":
            raise InstrumentError(f"{path}: fails its parity check")
        self.played.append(path.read_text())

    def polled(self, times=3):
        for _ in range(times):
            self.watch.poll(self.play, self.said.append)
        played, said = self.played, self.said
        self.played, self.said = [], []
        return played, " ".join(said)


@pytest.fixture
def shelf(tmp_path):
    for folder in ("own", "shipped"):
        (tmp_path / folder).mkdir()
    (tmp_path / "shipped" / "violin").write_text("shipped")
    (tmp_path / "shipped" / "viola").write_text("viola")
    return Shelf(tmp_path / "own", tmp_path / "shipped")


def put(path, text):
    fresh = path.with_suffix(".part")
    fresh.write_text(text)
    fresh.replace(path)


def test_nothing_new_is_nothing_done(shelf):
    assert shelf.polled() == ([], "")


def test_a_new_version_is_played_once(shelf):
    for text in ("first", "second", "third"):
        put(shelf.own / "violin", text)
        played, said = shelf.polled(4)
        assert played == [text]
        assert "violin has changed" in said


def test_a_new_version_with_the_time_and_size_of_the_old_is_seen(shelf):
    put(shelf.own / "violin", "aaa")
    shelf.polled()
    state = (shelf.own / "violin").stat()
    fresh = shelf.own / "new"
    fresh.write_text("bbb")
    os.utime(fresh, ns=(state.st_atime_ns, state.st_mtime_ns))
    fresh.replace(shelf.own / "violin")
    assert shelf.polled()[0] == ["bbb"]


def test_a_file_that_still_grows_is_left_alone(shelf):
    growing = shelf.own / "violin"
    for length in range(1, 6):
        growing.write_text("x" * length)
        assert shelf.polled(1) == ([], "")
    assert shelf.polled(2)[0] == ["xxxxx"]


def test_a_bad_file_is_refused_once_with_its_reason(shelf):
    put(shelf.own / "violin", "bad")
    played, said = shelf.polled(5)
    assert played == []
    assert said.count("parity") == 1
    assert "violin plays on" in said
    put(shelf.own / "violin", "mended")
    assert shelf.polled()[0] == ["mended"]


def test_the_shipped_one_takes_over_when_ones_own_is_removed(shelf):
    put(shelf.own / "violin", "own")
    shelf.polled()
    (shelf.own / "violin").unlink()
    assert shelf.polled()[0] == ["shipped"]


def test_a_removed_instrument_plays_on_and_may_come_back(shelf):
    (shelf.shipped / "violin").unlink()
    played, said = shelf.polled(5)
    assert played == []
    assert said.count("removed; it plays on") == 1
    put(shelf.own / "violin", "back")
    assert shelf.polled()[0] == ["back"]


def test_another_instrument_is_selected_and_then_followed(shelf):
    shelf.watch.select("kazoo")
    shelf.watch.select("viola")
    played, said = shelf.polled()
    assert played == ["viola"]
    assert "viola is wanted" in said
    put(shelf.own / "violin", "not asked for")
    assert shelf.polled() == ([], "")
    put(shelf.own / "viola", "new viola")
    assert shelf.polled()[0] == ["new viola"]


def test_an_unknown_or_bad_choice_is_said_and_changes_nothing(shelf):
    put(shelf.own / "broken", "bad")
    for name, why in (("kazoo", "no instrument called 'kazoo'"), ("broken", "parity")):
        shelf.watch.select(name)
        played, said = shelf.polled()
        assert played == []
        assert why in said
        assert "violin plays on" in said
    put(shelf.own / "violin", "still followed")
    assert shelf.polled()[0] == ["still followed"]


def test_what_cannot_be_passed_on_is_said_and_the_watch_goes_on(shelf):
    def refuse(path):
        raise LinkError("Select of 900 bytes is too long: 480 fit")

    shelf.watch.select("viola")
    shelf.watch.poll(refuse, shelf.said.append)
    assert "too long" in shelf.said[0]
    assert "violin plays on" in shelf.said[0]
    put(shelf.own / "violin", "own")
    assert shelf.polled()[0] == ["own"]
