"""`ddsp-pi pd`: a patch that comes, changes and goes with the settings."""

import subprocess

import pytest

from tests.processes.test_pd import SAYS
from tests.programs import OURS, Program

PROGRAM = (*OURS, "pd", "--config")


@pytest.fixture
def beside(need, tmp_path):
    need("pd", "puredata-core")
    for name in ("first", "second"):
        (tmp_path / f"{name}.pd").write_text(SAYS.format(name))
    beside = Program(*PROGRAM, settings(tmp_path, "first"))
    yield beside
    beside.close()


def settings(folder, patch, more=""):
    file = folder / "config.yaml"
    patch = f"{folder}/{patch}.pd" if patch else ""
    file.write_text(f"pd: {{patch: {patch}}}\n{more}")
    return file


@pytest.mark.real
def test_the_patch_follows_the_settings(beside, tmp_path):
    beside.says("first: first")
    settings(tmp_path, "first", "voices: 2\nnot: yaml: at all")
    settings(tmp_path, "second")
    beside.says("second: second")
    settings(tmp_path, "")
    beside.says("no patch is set")
    assert beside.process.wait(60) == 0


@pytest.mark.real
def test_a_stop_takes_pd_with_it(beside):
    beside.says("first: first")
    assert beside.end() == 0


def test_without_a_patch_it_ends_well(tmp_path):
    done = subprocess.run([*PROGRAM, settings(tmp_path, "")], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0
    assert "no patch is set" in done.stdout
