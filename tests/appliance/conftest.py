"""Scenarios on machines; elsewhere than in `make appliance` they are not collected."""

import os

import pytest

from tests.appliance.installing import add_jack, grant_real_time, install, show_processor
from tests.appliance.module import Module
from tests.appliance.workshop import CHOSEN, WORKSHOPS

collect_ignore_glob = [] if os.environ.get(CHOSEN) else ["test_*.py"]


@pytest.fixture(scope="session")
def workshop():
    return WORKSHOPS[os.environ[CHOSEN]]()


@pytest.fixture(scope="session")
def installed(workshop):
    """A machine with ddsp-pi and something to play into, switched off; others begin as it is."""
    machine = workshop.machine("installed")
    machine.boot()
    install(machine, workshop.stick.wheel())
    add_jack(machine)
    grant_real_time(machine)
    if workshop.emulated:
        show_processor(machine)
    machine.halt()
    return machine


@pytest.fixture(scope="module")
def name(request):
    """What a test file's machine is called."""
    return request.module.__name__.rpartition(".")[2].removeprefix("test_").replace("_", "-")


@pytest.fixture(scope="module")
def machine(workshop, name):
    """A bare machine of a file's own, switched off."""
    machine = workshop.machine(name)
    yield machine
    machine.cut()


@pytest.fixture(scope="module")
def module(workshop, installed, name):
    """An installed module of a file's own, switched off."""
    machine = workshop.machine(name, installed)
    yield Module(machine, workshop.results / name)
    machine.cut()


@pytest.fixture(autouse=True)
def kept(request):
    """The journal of the module after every test: build/appliance/results says what happened."""
    yield
    if "module" in request.fixturenames:
        request.getfixturevalue("module").keep_journal()
