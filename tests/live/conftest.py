"""Real JACK servers, all that a test starts, gone with it."""

import os

import pytest

from tests.live.jack import Server


@pytest.fixture
def server(need, tmp_path):
    """Makes servers with a period; `start` is up to the test."""
    need("jackd", "jackd2")
    need("jack_lsp", "jack-tools")
    made = []

    def make(period=128, inputs=0):
        name = f"ddsp-pi-{os.getpid()}-{len(made)}-{tmp_path.name}"
        made.append(Server(name, tmp_path / "jackd.log", period, inputs))
        return made[-1]

    yield make
    for server in made:
        server.stop()
