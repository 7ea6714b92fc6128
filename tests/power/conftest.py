import os
import subprocess
import tempfile
from pathlib import Path

import pytest

from tests.conftest import CI
from tests.instruments import own_violin
from tests.power.cutting import Cutting

SHIM = Path(__file__).parent / "cut_shim.c"


@pytest.fixture(scope="session")
def cut_shim(compiler, tmp_path_factory):
    """What cuts the power, as a library to preload."""
    path = tmp_path_factory.mktemp("shim") / "cut_shim.so"
    command = [compiler, "-shared", "-fPIC", "-O2", "-Wall", "-Wextra", "-Werror", "-o", path, SHIM, "-ldl"]
    subprocess.run(command, check=True)
    return path


@pytest.fixture(scope="session")
def cutting(cut_shim, tmp_path_factory):
    """Writers whose power goes; in memory if possible, for it is thousands of files."""
    instruments = tmp_path_factory.mktemp("instruments")
    own_violin(instruments / "first.onnx", "nyckelharpa")
    own_violin(instruments / "second.onnx", "nyckelharpa", author="Somebody else")
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with (
        tempfile.TemporaryDirectory(dir=memory) as folder,
        Cutting(Path(folder), cut_shim, instruments) as cutting,
    ):
        yield cutting


@pytest.fixture(scope="session")
def namespaces():
    """Asks for mounts and networks of a test's own: without them it is skipped, and in CI it fails."""
    done = subprocess.run(["unshare", "-rmn", "true"], capture_output=True, text=True)
    if done.returncode:
        reason = f"no namespaces here: {done.stderr.strip()}"
        if CI:
            pytest.fail(reason)
        pytest.skip(reason)
