"""Ports that somebody else has: it plays on, says so, and opens them when they are free."""

import socket

import msgspec
import pytest

from ddsp_pi.cli.reload import asked
from ddsp_pi.config import load_config
from ddsp_pi.control.acts import Acts, Panel
from ddsp_pi.control.contract import contract
from ddsp_pi.control.hub import Hub
from ddsp_pi.modes.cv import PARAMS
from ddsp_pi.params import ParamSet
from ddsp_pi.processes.ports import Ports

HERE = "127.0.0.1"


def taken(kind):
    held = socket.socket(socket.AF_INET, kind)
    held.bind((HERE, 0))
    if kind == socket.SOCK_STREAM:
        held.listen()
    return held


@pytest.fixture
def held():
    """The ports of OSC and OSCQuery, both somebody else's."""
    both = taken(socket.SOCK_DGRAM), taken(socket.SOCK_STREAM)
    yield both
    for each in both:
        each.close()


class Module:
    """Ports before a whole contract, and what they said."""

    def __init__(self, held):
        self.osc, self.query = (each.getsockname()[1] for each in held)
        self.said = []

    def open(self, query_port=None):
        port = self.query if query_port is None else query_port
        settings = msgspec.structs.replace(load_config().osc, port=self.osc, query_port=port)
        namespace = contract(Hub(ParamSet(PARAMS), print), Panel(6), Acts(reload=lambda: "a file"))
        self.ports = Ports(settings, namespace, self.said.append, self.said.append)

    def answers(self):
        """Whether a question by HTTP is taken."""
        with socket.socket() as line:
            return line.connect_ex((HERE, self.query)) == 0


@pytest.fixture
def module(held):
    module = Module(held)
    yield module
    module.ports.close()


def test_a_taken_port_is_said_once_with_what_to_do(module):
    module.open()
    module.ports.look()
    (said,) = module.said
    assert f"OSC port {module.osc}: Address already in use; set osc.port to a free one" in said
    assert "all else plays" in said
    assert not module.ports.heard


def test_what_has_become_free_is_opened_and_said(module, held):
    module.open()
    held[0].close()
    module.ports.look()
    assert module.ports.heard
    assert asked(module.osc) == "a file"
    assert module.said[1] == f"OSC port {module.osc} is free now, and open"
    assert "set osc.query_port" in module.said[2]
    held[1].close()
    module.ports.look()
    assert module.answers()
    assert module.said[3:] == [f"OSCQuery port {module.query} is free now, and open"]


def test_nobody_is_told_to_send_where_somebody_else_listens(module, held):
    held[1].close()
    module.open()
    module.ports.look()
    assert not module.answers()


def test_ports_that_are_free_are_open_at_once_without_a_word(module, held):
    for each in held:
        each.close()
    module.open()
    assert asked(module.osc) == "a file"
    assert module.answers()
    assert module.said == []


def test_afterwards_others_may_have_them(held):
    module = Module(held)
    for each in held:
        each.close()
    module.open()
    module.ports.close()
    assert asked(module.osc) is None
    assert not module.answers()


def test_whoever_wants_no_questions_gets_no_word_about_them(module, held):
    held[0].close()
    module.open(query_port=0)
    module.ports.look()
    assert module.ports.heard
    assert module.said == []
