"""The file of the settings, while somebody edits it."""

import errno
import os

import msgspec
import pytest

from ddsp_pi.config import load_config, read_config
from ddsp_pi.processes.launch import Launch
from ddsp_pi.processes.settings_watch import Reader, SettingsWatch
from ddsp_pi.rack.boards import SIM
from ddsp_pi.service.host import Host


@pytest.fixture
def file(tmp_path):
    file = tmp_path / "config.yaml"
    file.write_text("voices: 2\n")
    return file


@pytest.fixture
def watch(file):
    return SettingsWatch(file, read_config)


def news(watch, looks=2):
    """What there is after so many looks."""
    for _ in range(looks):
        watch.look()
    found = list(watch.news)
    watch.news.clear()
    return found


def test_the_file_is_read_at_the_start_and_then_not_again(watch):
    (first,) = news(watch)
    assert (first.config.voices, first.raw, first.trouble, first.first) == (2, b"voices: 2\n", "", True)
    assert news(watch, 10) == []


def test_no_file_at_the_start_is_none_until_there_is_one(file, watch):
    file.unlink()
    assert news(watch, 5) == []
    file.write_text("voices: 3\n")
    (made,) = news(watch)
    assert (made.config.voices, made.first) == (3, False)


def test_a_new_version_is_read_once_two_looks_saw_the_same(file, watch):
    news(watch)
    file.write_text("voices: 3\n")
    assert news(watch, 1) == []
    (edited,) = news(watch, 3)
    assert (edited.config.voices, edited.first) == (3, False)


def test_half_a_file_is_no_mistake(file, watch):
    news(watch)
    whole = "voices: 3\naudio: {period: 64}\n"
    for length in range(1, len(whole)):
        file.write_text(whole[:length])
        assert news(watch, 1) == []
    file.write_text(whole)
    (edited,) = news(watch, 3)
    assert edited.config.audio.period == 64


def test_an_editor_that_puts_another_file_in_its_place_is_followed(file, watch, tmp_path):
    news(watch)
    beside = tmp_path / "config.yaml~"
    beside.write_text("voices: 4\n")
    beside.replace(file)
    assert [version.config.voices for version in news(watch)] == [4]


def test_a_mistake_is_told_once_with_its_line(file, watch):
    news(watch)
    file.write_text("voices: 2\naudio: {period: 8}\n")
    (bad,) = news(watch, 5)
    assert (bad.config, bad.raw) == (None, b"")
    assert f"$.audio.period, line 2 of {file}" in bad.trouble


def test_a_file_that_vanishes_and_comes_back(file, watch):
    news(watch)
    file.unlink()
    (gone,) = news(watch, 5)
    assert f"cannot read {file}: No such file" in gone.trouble
    file.write_text("voices: 2\n")
    (back,) = news(watch, 5)
    assert (back.config.voices, back.trouble) == (2, "")


def test_a_folder_in_its_place_is_a_mistake(file, watch):
    news(watch)
    file.unlink()
    file.mkdir()
    (bad,) = news(watch, 5)
    assert f"cannot read {file}: Is a directory" in bad.trouble


def test_a_file_that_may_not_be_read_is_a_mistake(file, watch, monkeypatch):
    news(watch)
    os.utime(file, (1, 1))

    def refuse(path):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr("pathlib.Path.read_bytes", refuse)
    (bad,) = news(watch, 5)
    assert f"cannot read {file}: Permission denied" in bad.trouble


def test_who_asks_gets_it_read_at_once_and_once(file, watch):
    news(watch)
    file.write_text("voices: 3\n")
    watch.again()
    (asked,) = news(watch, 1)
    assert asked.config.voices == 3
    assert news(watch, 5) == []
    watch.again()
    assert len(news(watch, 1)) == 1


def test_asked_before_the_first_look_it_is_no_first_version(watch):
    watch.again()
    (asked,) = news(watch, 1)
    assert not asked.first


class TestReader:
    """As `ddsp-pi run` would read it."""

    def reader(self, over=None, **sections):
        config = load_config()
        rack = msgspec.structs.replace(config.rack, board=SIM)
        config = msgspec.structs.replace(config, rack=rack, **sections)
        return Reader(Launch(0, config, performance="demo.csv", over=over or {}), Host())

    def test_the_command_line_stays_over_it(self, file):
        reader = self.reader({"voices": 5, "audio": {"backend": "null"}})
        config = reader.read(file).config
        assert (config.voices, config.audio.backend) == (5, "null")

    def test_board_and_sound_card_stay_as_they_were_chosen(self, file):
        audio = msgspec.structs.replace(load_config().audio, device="codec")
        reader = self.reader(audio=audio)
        for _ in range(2):
            config = reader.read(file).config
            assert (config.rack.board, config.audio.device) == (SIM, "codec")

    def test_a_board_that_is_named_and_then_not_is_chosen_again(self, file):
        reader = self.reader()
        file.write_text("rack: {board: breadboard}\n")
        assert reader.read(file).config.rack.board == "breadboard"
        file.write_text("rack: {board: auto}\n")
        assert reader.read(file).config.rack.board == "auto"

    def test_a_sound_card_that_is_named_and_then_not_is_chosen_again(self, file):
        reader = self.reader()
        file.write_text("audio: {device: codec}\n")
        reader.playing = reader.read(file).config
        assert reader.playing.audio.device == "codec"
        file.write_text("audio: {}\n")
        assert reader.read(file).config.audio.device is None
