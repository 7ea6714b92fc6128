"""`ddsp-pi setup` on this very computer, as far as it changes nothing."""

import os
from pathlib import Path

import pytest

import ddsp_pi
from ddsp_pi.cli import main
from ddsp_pi.service.doctor import examine
from ddsp_pi.service.mends import by_setup
from ddsp_pi.service.setup.bringing import WORKED
from ddsp_pi.service.setup.ledger import LEDGER
from tests.service.broken import BROKEN
from tests.service.broken_module import BROKEN_MODULE
from tests.service.fake import Pi

DOCS = Path(ddsp_pi.__file__).parents[1] / "docs"


@pytest.fixture(autouse=True)
def nothing_happens():
    """Whatever a test does, nothing was set up by it."""
    before = Path(LEDGER).exists()
    yield
    assert Path(LEDGER).exists() == before


@pytest.fixture
def nobody(monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)


@pytest.mark.parametrize("words", [[], ["--undo"], ["--only", "units"]])
def test_it_needs_root_and_says_how(capsys, nobody, words):
    assert main(["setup", *words]) == 2
    assert "run it with sudo: sudo /" in capsys.readouterr().err


def test_what_it_would_do_is_told_without_root(capsys, nobody):
    assert main(["setup", "--dry-run", "--board", "sim"]) == 0
    said = capsys.readouterr().out
    assert "sudo useradd --system" in said
    assert "+++ /etc/systemd/system/ddsp-pi.service" in said
    assert "+  board: sim" in said


def test_only_some_of_it(capsys, nobody):
    assert main(["setup", "--dry-run", "--only", "journal", "launcher"]) == 0
    said = capsys.readouterr().out
    assert "sudo ln -sfn /opt/ddsp-pi/current/bin/ddsp-pi /usr/local/bin/ddsp-pi" in said
    assert "useradd" not in said


@pytest.mark.skipif(Path(LEDGER).exists(), reason="this computer was set up")
def test_what_there_is_to_undo_is_told(capsys, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert main(["setup", "--undo", "--dry-run"]) == 0
    assert capsys.readouterr().out == "nothing to undo\n"


@pytest.mark.parametrize("words", [["--only", "everything"], ["a", "b"]])
def test_what_cannot_be_is_refused(words):
    with pytest.raises(SystemExit) as left:
        main(["setup", *words])
    assert left.value.code == 2


def test_an_unknown_board_is_refused(capsys):
    assert main(["setup", "--dry-run", "--board", "theremin"]) == 2
    assert "no board called 'theremin'" in capsys.readouterr().err


def test_the_docs_tell_of_everything_that_setup_does(tmp_path):
    """Each check that has something for setup to do has a row in the table of changes."""
    page = (DOCS / "setup.md").read_text("utf-8")
    worked = {check.name: check for check in WORKED}
    for number, broken in enumerate((*BROKEN, *BROKEN_MODULE)):
        if broken.check in worked and f"| `{broken.check}` |" not in page:
            pi = Pi(tmp_path / str(number))
            broken.how(pi)
            (report,) = examine(pi.view(), [worked[broken.check]])
            assert by_setup(report.finding.mend) == [], broken.check
