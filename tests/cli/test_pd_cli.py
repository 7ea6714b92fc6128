"""`ddsp-pi pd`: a patch that comes, changes and goes with the settings."""

import queue
import subprocess
import sys
import threading

import pytest

from tests.processes.test_pd import SAYS

PROGRAM = [sys.executable, "-m", "ddsp_pi", "pd", "--config"]


class Beside:
    """The verb, running, and what it says."""

    def __init__(self, file):
        self.process = subprocess.Popen(
            [*PROGRAM, str(file)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self._lines = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self._lines.put(line)

    def says(self, text):
        while text not in self._lines.get(timeout=60.0):
            pass


@pytest.fixture
def beside(need, tmp_path):
    need("pd", "puredata-core")
    for name in ("first", "second"):
        (tmp_path / f"{name}.pd").write_text(SAYS.format(name))
    file = settings(tmp_path, "first")
    beside = Beside(file)
    yield beside
    beside.process.kill()
    beside.process.wait()


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
    beside.process.terminate()
    assert beside.process.wait(60) == 0


def test_without_a_patch_it_ends_well(tmp_path):
    done = subprocess.run([*PROGRAM, settings(tmp_path, "")], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0
    assert "no patch is set" in done.stdout
