"""What `make release` lets pass; that the wheel can be built at all is tested with the kernel."""

import subprocess
import sys

import pytest

import make_release
from make_release import HOUSE, complaints, requirements
from tests.service.versions.wheelwright import make_wheel

GOOD = [
    "ddsp_pi/models/instruments/violin.onnx",
    "ddsp_pi/configs/default.yaml",
    "ddsp_pi/configs/presets/cello-solo.yaml",
    "ddsp_pi/configs/performances/violin-phrase.csv",
    "ddsp_pi/configs/phrases/two-notes.mid",
    "ddsp_pi/puredata/ddsp.pd",
    "ddsp_pi/systemd/ddsp-pi.service",
    "ddsp_pi/py.typed",
    "ddsp_pi/native/kernel-linux-aarch64.so",
]


def test_a_wheel_with_all_that_belongs_there_passes():
    assert complaints(GOOD, "aarch64") == []


@pytest.mark.parametrize("name", GOOD)
def test_what_is_missing_is_said(name):
    assert len(complaints([there for there in GOOD if there != name], "aarch64")) == 1


@pytest.mark.parametrize(
    "name",
    [
        "tests/test_app.py",
        "ddsp_pi/puredata/__pycache__/names.cpython-311.pyc",
        "ddsp_pi/configs/.default.yaml.swp",
        "ddsp_pi/native/kernel-linux-x86_64.so",
    ],
)
def test_what_does_not_belong_there_is_said(name):
    assert len(complaints([*GOOD, name], "aarch64")) == 1


def test_the_tree_has_what_a_wheel_must_have():
    """Each is under the name of the wheel, or beside the package."""
    for name in make_release.INSIDE:
        assert (HOUSE / name).exists() or (HOUSE / name.removeprefix("ddsp_pi/")).exists(), name


def test_what_the_extras_of_a_module_need(tmp_path):
    extras = {"rack": ["spidev>=3.6", "gpiod>=2.1"], "midi": ["mido>=1.3"], "train": ["torch"]}
    wheel = make_wheel(tmp_path, needs=["numpy>=2.0"], extras=extras)
    assert requirements(wheel) == ["spidev>=3.6", "gpiod>=2.1", "mido>=1.3"]


def test_another_computer_needs_a_compiler_for_it():
    done = subprocess.run(
        [sys.executable, HOUSE / "make_release.py", "--stick", "pdp11"], capture_output=True, text=True
    )
    assert done.returncode == 1
    assert "sudo apt install gcc-pdp11-linux-gnu" in done.stderr
