import os
import shlex
import subprocess
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.boards.bench import Bench, mapped
from tests.boards.memory import Registers
from tests.boards.part import Part
from tests.conftest import CI

HERE = Path(__file__).parent
SHIM = HERE / "mcp3208_shim.c"
PI = HERE / "as_a_pi.sh"


def give_up(reason):
    """Not possible here: on a laptop that skips a test, in CI it fails it."""
    if CI:
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def need_library():
    """Asks for a real library."""

    def need(name, package):
        if find_spec(name) is None:
            give_up(f"{name} is not installed: pip install '{package}'")

    return need


@pytest.fixture
def start():
    """Starts drivers in processes of their own; they end with the test."""
    started = []

    def start(*arguments, **more):
        started.append(Part(*arguments, **more))
        return started[-1]

    yield start
    for part in started:
        part.end()


@pytest.fixture(scope="session")
def shim(compiler, need_library, tmp_path_factory):
    """The simulated chip, as a library to preload."""
    need_library("spidev", "ddsp-pi[rack]")
    path = tmp_path_factory.mktemp("shim") / "mcp3208_shim.so"
    command = [compiler, "-shared", "-fPIC", "-O2", "-Wall", "-Wextra", "-Werror", "-o", path, SHIM, "-ldl"]
    subprocess.run(command, check=True)
    return path


@pytest.fixture
def bench(tmp_path):
    """The knobs of a simulated chip."""
    return mapped(tmp_path / "bench", Bench)


@pytest.fixture
def wired(shim, bench, start, tmp_path):
    """Starts a driver with the real spidev and the simulated chip behind it."""
    bench.bits = 8
    return partial(start, LD_PRELOAD=shim, MCP3208_BENCH=tmp_path / "bench")


@pytest.fixture
def converter(wired):
    """Opens the converter."""
    return partial(wired, "converter")


@pytest.fixture
def registers(tmp_path):
    """The registers of a Pi's GPIO; this test is the hardware behind them."""
    return mapped(tmp_path / "gpiomem", Registers)


@pytest.fixture(scope="session")
def pi(need, need_library):
    """A command that runs another one as if on a Pi 4, with a file as its GPIO registers."""
    need_library("RPi", "RPi.GPIO")
    need("unshare", "util-linux")
    tried = subprocess.run(["unshare", "--mount", "true"], capture_output=True, text=True, check=False)
    if os.geteuid() or tried.returncode:
        give_up(f"files can be mounted over others by root only: {tried.stderr.strip()}")
    return [*shlex.split("unshare --mount --propagation private"), PI]


@pytest.fixture
def exported(tmp_path):
    """What the kernel's old interface tells edges by; empty: as in kernels where it does not."""
    folder = tmp_path / "sys_class_gpio"
    folder.mkdir()
    return folder


@pytest.fixture
def pins(pi, registers, exported, start, tmp_path):
    """Opens the lines of a board with the real RPi.GPIO."""
    return lambda board: start("pins", board, within=[*pi, tmp_path / "gpiomem", exported])
