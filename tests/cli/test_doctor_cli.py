"""`ddsp-pi doctor` on this very computer, whatever it is."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import ddsp_pi
from ddsp_pi.cli import EXTRAS, main
from ddsp_pi.service.checks import CHECKS
from ddsp_pi.service.doctor import as_table, examine, in_words
from ddsp_pi.service.findings import Status
from ddsp_pi.service.host import Host
from tests.service.broken import control, without_spi_line
from tests.service.fake import Pi

DOCS = Path(ddsp_pi.__file__).parents[1] / "docs"


@pytest.fixture
def pi(tmp_path):
    return Pi(tmp_path)


def doctor(*words, **environment):
    return subprocess.run(
        [sys.executable, "-m", "ddsp_pi", "doctor", *words],
        capture_output=True,
        text=True,
        timeout=60,
        env=os.environ | environment,
    )


def found(done):
    return {row["name"]: row for row in json.loads(done.stdout)}


def test_it_runs_here_and_says_everything_as_json():
    done = doctor("--json")
    rows = found(done)
    assert done.stderr == ""
    assert list(rows) == [check.name for check in CHECKS]
    assert {row["status"] for row in rows.values()} <= {str(status) for status in Status}
    assert done.returncode == any(row["status"] == "fault" for row in rows.values())
    assert rows["instruments"]["status"] == rows["onnxruntime"]["status"] == "ok"
    assert not [row for row in rows.values() if "the check" in row["found"]]


@pytest.mark.skipif(bool(Host().model), reason="this is a Raspberry Pi")
def test_on_a_laptop_what_only_a_pi_has_is_no_fault():
    rows = found(doctor("--json"))
    assert "not a Raspberry Pi" in rows["model"]["found"]
    pi_only = ("power", "governor", "boot-file", "serial-console", "overlay")
    assert {rows[name]["status"] for name in pi_only} == {"not applicable"}


def test_in_words_it_ends_with_a_summary(capsys):
    assert main(["doctor"]) in (0, 1)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Computer"
    assert " fine" in lines[-1]


def test_the_boards_there_are_are_named():
    board = found(doctor("--json", "--board", "breadboard"))["board"]
    assert board["status"] == "ok"
    assert board["found"].startswith("breadboard: as you said (there are: breadboard,")
    assert "terminal-tedium-pcm5102a, terminal-tedium-wm8731" in board["found"]


def test_a_fault_leaves_with_1(tmp_path):
    file = tmp_path / "my.yaml"
    file.write_text("audio:\n  period: 8\n")
    done = doctor("--config", str(file))
    assert (done.returncode, done.stderr) == (1, "")
    assert "✗ configuration" in done.stdout
    assert f"line 2 of {file}" in done.stdout


def test_a_damaged_instrument_is_a_fault_and_no_traceback(tmp_path):
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "mine.onnx").write_bytes(b"torn")
    done = doctor("--json", DDSP_PI_DATA=str(tmp_path))
    row = found(done)["instruments"]
    assert (done.returncode, done.stderr, row["status"]) == (1, "", "fault")
    assert row["mend"] == [f"rm '{tmp_path}/models/mine.onnx'"]


def test_an_unknown_board_leaves_with_2():
    done = doctor("--board", "theremin")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("ddsp-pi doctor: no board called 'theremin'; there are: breadboard")


def test_the_table_in_the_docs_is_that_of_the_checks(capsys):
    assert main(["doctor", "--markdown"]) == 0
    table = capsys.readouterr().out
    assert table == as_table()
    assert table in (DOCS / "doctor.md").read_text("utf-8")


def test_asking_loads_no_driver():
    code = "import sys, ddsp_pi.cli.doctor, ddsp_pi.service.checks; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert {name.partition(".")[0] for name in done.stdout.split()}.isdisjoint(
        {*EXTRAS, "numpy", "onnxruntime"}
    )


def test_the_example_in_the_docs_is_what_is_said(pi):
    without_spi_line(pi)
    control("Line Capture Switch", "off,off")(pi)
    said = in_words(examine(pi.view())).splitlines()
    example = (DOCS / "doctor.md").read_text("utf-8").split("```")[1].strip().splitlines()
    assert [line for line in example if line not in said] == []
    assert len(example) > 10
