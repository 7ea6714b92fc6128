import ctypes
import os
import shutil

import pytest

from ddsp_pi.native.build import compile_kernel

CI = bool(os.environ.get("CI"))


@pytest.fixture(scope="session")
def need():
    """Asks for a real program: on a laptop its absence skips the test, in CI it fails it."""

    def need(program, package):
        if shutil.which(program):
            return
        reason = f"{program} is not installed: sudo apt-get install {package}"
        if CI:
            pytest.fail(reason)
        pytest.skip(reason)

    return need


@pytest.fixture(scope="session")
def compiler(need):
    """The first C compiler there is."""
    found = next(filter(shutil.which, ("cc", "gcc", "clang")), None)
    if found is None:
        need("gcc", "gcc")
    return found


@pytest.fixture(scope="session")
def library(compiler, tmp_path_factory):
    """The native kernel, compiled from the sources as they are, wherever an installed one may be from."""
    path = tmp_path_factory.mktemp("kernel") / "kernel.so"
    assert compile_kernel(path) is None
    return ctypes.CDLL(str(path))
