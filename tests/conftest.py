import os
import shutil

import pytest

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
def native_library():
    """The compiled kernel: it is there wherever there is a C compiler."""
    from ddsp_pi.native.library import describe, kernel

    library = kernel()
    if library is None:
        (pytest.fail if CI else pytest.skip)(describe())
    return library
