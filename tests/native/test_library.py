import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ddsp_pi.errors import ConfigError
from ddsp_pi.native import build
from ddsp_pi.native import library as native

OLD = "int kernel_version(void) { return 0; }"
OTHER = "int something_else(void) { return 0; }"


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Where the kernel is looked for; nothing is there yet, and nothing has been chosen."""
    path = tmp_path / "kernel.so"
    caches = (native._chosen, native._load)
    monkeypatch.setattr(native, "LIBRARY", path)
    monkeypatch.delenv(native.CHOICE, raising=False)
    for cached in caches:
        cached.cache_clear()
    yield path
    for cached in caches:
        cached.cache_clear()


def assert_numpy_plays(because):
    assert native.kernel() is None
    said = native.describe()
    assert said.startswith("numpy (")
    assert because in said
    assert "install a C compiler" in said


def test_without_a_file_numpy_plays(installed):
    assert_numpy_plays("was not built")


@pytest.mark.parametrize("content", [b"", b"no library at all", b"\x7fELF" + bytes(60)])
def test_with_a_damaged_file_numpy_plays(installed, content):
    installed.write_bytes(content)
    assert_numpy_plays("cannot be loaded")


@pytest.mark.parametrize(("source", "because"), [(OLD, "is of version 0"), (OTHER, "cannot be loaded")])
def test_with_the_file_of_another_version_numpy_plays(installed, compiler, source, because):
    command = [compiler, "-shared", "-fPIC", "-x", "c", "-", "-o", installed]
    subprocess.run(command, input=source, text=True, check=True)
    assert_numpy_plays(because)


@pytest.fixture
def developed(installed, library):
    """The kernel beside its C files, which may be edited."""
    for source in build.HERE.glob("*.[ch]"):
        shutil.copy(source, installed.parent)
    shutil.copy(library._name, installed)
    return installed


def test_beside_its_sources_the_kernel_plays(developed):
    assert native.describe() == "native kernel"


@pytest.mark.parametrize("edited", ["synth.c", "decoder.h", "another.c"])
def test_with_other_sources_beside_it_numpy_plays(developed, edited):
    with developed.with_name(edited).open("a") as file:
        file.write("/* edited */\n")
    assert native.kernel() is None
    assert "built from other C files" in native.describe()
    assert "python -m ddsp_pi.native.build" in native.describe()


def test_a_kernel_that_does_not_know_its_sources_is_not_of_those_beside_it(developed, compiler):
    told = f"int kernel_version(void) {{ return {native.VERSION}; }}"
    command = [compiler, "-shared", "-fPIC", "-x", "c", "-", "-o", developed]
    subprocess.run(command, input=told, text=True, check=True)
    assert "built from other C files" in native.describe()


def test_a_demand_that_cannot_be_met_says_why(installed, monkeypatch):
    monkeypatch.setenv(native.CHOICE, "native")
    with pytest.raises(ConfigError, match=r"DDSP_PI_KERNEL=native.*was not built"):
        native.kernel()


PLAYER = """
import sys
from pathlib import Path
from ddsp_pi.native import library
library.LIBRARY = Path(sys.argv[1])
from ddsp_pi.dsp.choice import make_synth
from ddsp_pi.dsp.output import make_output
print(type(make_synth(1, 2, 2)).__name__, type(make_output()).__name__, library.describe())
"""


def played(choice, path):
    environment = {**os.environ, native.CHOICE: choice}
    command = [sys.executable, "-c", PLAYER, str(path)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("choice", "wanted"),
    [
        ("", "NativeSynth NativeOutput native kernel"),
        ("native", "NativeSynth NativeOutput native kernel"),
        ("numpy", "NumpySynth NumpyOutput numpy (as chosen)"),
    ],
)
def test_the_environment_chooses(library, choice, wanted):
    done = played(choice, library._name)
    assert done.stdout.strip() == wanted, done.stderr


def test_an_unknown_choice_is_refused(library):
    done = played("nonsense", library._name)
    assert done.returncode != 0
    assert "ConfigError: DDSP_PI_KERNEL=nonsense: give numpy or native" in done.stderr


def test_without_a_file_the_choice_falls_on_numpy(tmp_path):
    done = played("", Path(tmp_path / "none.so"))
    assert done.stdout.startswith("NumpySynth NumpyOutput numpy (the native kernel was not built")
