import os
from pathlib import Path

import pytest

from ddsp_pi.cli import main
from ddsp_pi.errors import InstrumentError
from ddsp_pi.models.bundle import load_instrument
from ddsp_pi.models.library import SHIPPED, add_instrument, list_instruments, remove_instrument
from tests.instruments import VIOLIN, changed, one_weight_off, own_violin

SHIPPED_FILES = sorted(SHIPPED.glob("*.onnx"))


@pytest.fixture(autouse=True)
def own(tmp_path, monkeypatch):
    monkeypatch.setenv("DDSP_PI_DATA", str(tmp_path / "data"))
    return tmp_path / "data" / "models"


def said(capsys, *arguments, code=0):
    assert main(["models", *map(str, arguments)]) == code
    output = capsys.readouterr()
    return output.err if code else output.out


def test_added_under_the_name_on_its_card(own, tmp_path, capsys):
    file = own_violin(tmp_path / "from-a-friend.onnx", "nyckelharpa")
    text = said(capsys, "add", file)
    assert [path.name for path in own.iterdir()] == ["nyckelharpa.onnx"]
    assert (own / "nyckelharpa.onnx").read_bytes() == file.read_bytes()
    for word in ("nyckelharpa", "Dark violin", "CC-BY-3.0", "John Garner", str(own / "nyckelharpa.onnx")):
        assert word in text
    assert "hides" not in text
    rows = [row.split()[:2] for row in said(capsys, "list").splitlines()]
    assert rows == [*([path.stem, "shipped"] for path in SHIPPED_FILES), ["nyckelharpa", "yours"]]


def test_hiding_a_shipped_instrument_is_said_and_undone(own, tmp_path, capsys):
    assert "hides the violin that ships" in said(capsys, "add", own_violin(tmp_path / "mine.onnx"))
    assert "yours" in said(capsys, "list")
    assert list_instruments()["violin"] == own / "violin.onnx"
    assert "ships with ddsp-pi is back" in said(capsys, "remove", "violin")
    assert list_instruments()["violin"] == VIOLIN
    assert list(own.iterdir()) == []


def test_another_one_of_that_name_is_kept_unless_it_is_to_be_replaced(own, tmp_path, capsys):
    first = own_violin(tmp_path / "first.onnx", "nyckelharpa")
    second = own_violin(tmp_path / "second.onnx", "nyckelharpa", author="Somebody else")
    said(capsys, "add", first)
    said(capsys, "add", first)  # the same one again does no harm
    assert f"add --replace {second}" in said(capsys, "add", second, code=2)
    assert (own / "nyckelharpa.onnx").read_bytes() == first.read_bytes()
    said(capsys, "add", "--replace", second)
    assert load_instrument(own / "nyckelharpa.onnx").card.author == "Somebody else"


BAD = {
    "missing": (lambda path: path, "no such instrument file"),
    "no network": (lambda path: path.write_text("hello") and path, "not a readable ONNX file"),
    "damaged": (lambda path: changed(path, one_weight_off), "fails its parity check"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_changes_nothing(name, own, tmp_path, capsys):
    make, why = BAD[name]
    add_instrument(own_violin(tmp_path / "good.onnx"))
    before = (own / "violin.onnx").read_bytes()
    assert why in said(capsys, "add", "--replace", make(tmp_path / "bad.onnx"), code=2)
    assert [path.read_bytes() for path in own.iterdir()] == [before]


def test_a_disk_that_is_full_leaves_what_was_there(own, tmp_path, monkeypatch, capsys):
    add_instrument(own_violin(tmp_path / "first.onnx", "nyckelharpa"))
    before = (own / "nyckelharpa.onnx").read_bytes()

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    second = own_violin(tmp_path / "second.onnx", "nyckelharpa", author="Somebody else")
    text = said(capsys, "add", "--replace", second, code=1)
    for word in ("No space left", str(own / "nyckelharpa.onnx"), "not added", "Make room"):
        assert word in text
    assert [path.read_bytes() for path in own.iterdir()] == [before]


def test_a_library_that_is_no_folder_is_said(own, tmp_path, capsys):
    own.parent.write_text("in the way")
    text = said(capsys, "add", own_violin(tmp_path / "mine.onnx"), code=1)
    assert str(own) in text
    assert "Not a directory" in text or "File exists" in text


def test_only_what_was_added_can_be_removed(tmp_path, capsys):
    assert "ships with ddsp-pi" in said(capsys, "remove", "violin", code=2)
    add_instrument(own_violin(tmp_path / "mine.onnx", "nyckelharpa"))
    for name in ("kazoo", "../models/nyckelharpa", str(VIOLIN)):
        assert "yours are: nyckelharpa" in said(capsys, "remove", name, code=2)
    assert VIOLIN.is_file()


def test_what_cannot_be_deleted_is_said(tmp_path, monkeypatch):
    add_instrument(own_violin(tmp_path / "mine.onnx", "nyckelharpa"))

    def refuse(_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "unlink", refuse)
    with pytest.raises(OSError, match=r"nyckelharpa\.onnx: Permission denied; not removed"):
        remove_instrument("nyckelharpa")


@pytest.mark.parametrize("arguments", [["verify"], ["verify", "--all"]])
def test_verifying_all_says_one_line_each_and_fails_if_one_does(arguments, own, tmp_path, capsys):
    add_instrument(own_violin(tmp_path / "mine.onnx"))
    assert said(capsys, *arguments).count("fit to play") == len(SHIPPED_FILES) + 1
    (own / "kazoo.onnx").write_text("hum")
    assert main(["models", *arguments]) == 2
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(SHIPPED_FILES) + 2
    assert sum("cannot play" in line and "kazoo" in line for line in lines) == 1
    assert "kazoo" in said(capsys, "list")
    with pytest.raises(InstrumentError):
        load_instrument(own / "kazoo.onnx")
