import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from ddsp_pi.native import build
from tests.conftest import CI

ROOT = Path(__file__).parents[2]
NOWHERE = "/nowhere/cc"


@pytest.fixture
def target(tmp_path):
    """Where the library shall be, with an outdated one in place."""
    path = tmp_path / "kernel.so"
    path.write_bytes(b"outdated")
    return path


def no_compiler_at_cc(monkeypatch):
    monkeypatch.setenv("CC", NOWHERE)


def no_compiler_on_the_path(monkeypatch):
    monkeypatch.delenv("CC", raising=False)
    monkeypatch.setenv("PATH", "")


@pytest.mark.parametrize("hide", [no_compiler_at_cc, no_compiler_on_the_path])
def test_without_a_compiler_there_is_a_reason_and_no_file(target, monkeypatch, hide):
    hide(monkeypatch)
    assert "No such file" in build.compile_kernel(target)
    assert list(target.parent.iterdir()) == []


def test_a_compiler_that_fails_leaves_its_reason_and_no_file(target, monkeypatch, compiler):
    monkeypatch.setenv("CC", f"{compiler} -include /nowhere.h")
    assert "/nowhere.h" in build.compile_kernel(target)
    assert list(target.parent.iterdir()) == []


def test_a_compiler_makes_one_file(target, monkeypatch, compiler):
    monkeypatch.setenv("CC", compiler)
    assert build.compile_kernel(target) is None
    assert target.read_bytes().startswith(b"\x7fELF")
    assert list(target.parent.iterdir()) == [target]


def test_the_library_asks_for_no_flush_to_zero(library, compiler):
    """-ffast-math would link start-up code that changes the arithmetic of the whole process."""
    code = "import ctypes, sys; ctypes.CDLL(sys.argv[1]); print(5e-324 * 1.0 > 0, 2.0**-1060 / 2 > 0)"
    done = subprocess.run(
        [sys.executable, "-c", code, library._name], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["True", "True"]


@pytest.fixture
def checkout(tmp_path):
    """A copy, for the build writes beside the sources."""
    copy = tmp_path / "checkout"
    for name in ("ddsp_pi", "configs", "puredata", "systemd"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__", "*.so"))
    for name in ("pyproject.toml", "hatch_build.py", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, copy / name)
    return copy


def pip(*arguments, **environment):
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", *map(str, arguments)]
    return subprocess.run(
        command, env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )


def build_wheel(checkout, compiler):
    done = pip("wheel", checkout, "--no-deps", "--wheel-dir", checkout / "out", CC=compiler)
    if "hatchling" in done.stderr and "No matching distribution" in done.stderr and not CI:
        pytest.skip("no network for the build's own requirements")
    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,) = (checkout / "out").iterdir()
    return wheel


def describe_installed(wheel, place):
    """What plays from the wheel: nothing else of ours is on the path."""
    done = pip("install", "--no-deps", "--target", place, wheel)
    assert done.returncode == 0, done.stderr
    code = "from ddsp_pi.native import library; print(library.__file__, library.describe())"
    environment = {name: value for name, value in os.environ.items() if name != "DDSP_PI_KERNEL"}
    said = subprocess.run(
        [sys.executable, "-c", code],
        env={**environment, "PYTHONPATH": str(place)},
        cwd=place,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert said.startswith(str(place))
    return said


@pytest.mark.parametrize("has_compiler", [True, False])
def test_the_wheel_installs_with_and_without_a_compiler(request, checkout, tmp_path, has_compiler):
    compiler = request.getfixturevalue("compiler") if has_compiler else NOWHERE
    wheel = build_wheel(checkout, compiler)
    kernels = [name for name in zipfile.ZipFile(wheel).namelist() if name.endswith(".so")]
    said = describe_installed(wheel, tmp_path / "site")
    if has_compiler:
        assert kernels == [f"ddsp_pi/native/{build.LIBRARY.name}"]
        assert "-py3-none-linux_" in wheel.name
        assert "native kernel" in said
    else:
        assert kernels == []
        assert wheel.name.endswith("-py3-none-any.whl")
        assert "numpy (the native kernel was not built" in said
