"""Scenarios on machines; elsewhere than in `make appliance` they are not collected."""

import os

import pytest

from tests.appliance.workshop import Workshop

collect_ignore_glob = [] if os.environ.get("DDSP_PI_MACHINES") else ["test_*.py"]


@pytest.fixture(scope="session")
def workshop():
    return Workshop()


@pytest.fixture(scope="module")
def machine(workshop, request):
    """A bare machine of a file's own, switched off."""
    machine = workshop.machine(request.module.__name__.rpartition(".")[2].removeprefix("test_"))
    yield machine
    machine.cut()
