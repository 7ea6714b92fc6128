"""A module to listen, and Pds that go when the test does."""

import pytest

from puredata.generate import FOLDER
from tests.live.conftest import server as server
from tests.puredata.pd import Module, Pd


@pytest.fixture
def module():
    """What the patches play."""
    module = Module()
    yield module
    module.close()


@pytest.fixture
def play(need, tmp_path, module):
    """Opens a patch by its name, or a file, in Pd; ready when it has subscribed."""
    need("pd", "puredata-core")
    opened = []

    def play(patch, *watch, port=None, sound=("-noaudio",)):
        path = FOLDER / f"{patch}.pd" if isinstance(patch, str) else patch
        opened.append(Pd(tmp_path, path, port or module.port, watch, sound))
        if port is None:
            module.hears("/ddsp/subscribe", float(opened[-1].port))
        return opened[-1]

    yield play
    for pd in opened:
        pd.close()
