"""Everything that can be wired to OSC, wired to something that remembers; and how to talk to it."""

import socket
import time
from types import SimpleNamespace

from pythonosc.osc_packet import OscPacket

from ddsp_pi.control.acts import Acts, Asks, Hands, Panel
from ddsp_pi.control.contract import contract, watched
from ddsp_pi.control.hub import Hub
from ddsp_pi.control.osc import OscServer
from ddsp_pi.control.reports import Reports
from ddsp_pi.control.subscribers import Subscribers
from ddsp_pi.modes.cv import PARAMS
from ddsp_pi.params import ParamSet

HERE = "127.0.0.1"
MODES = ("cv", "mimic")
MODELS = ("cello", "violin")


class Module:
    """A control process in small: hub, reports, the whole contract, and what was done."""

    def __init__(self, **left_out):
        self.sent, self.done, self.said, self.driven = [], [], [], {}
        self.chosen = SimpleNamespace(mode="cv", model="violin", preset="")
        self.hub = Hub(ParamSet(PARAMS), self.sent.append)
        self.hub.follow_cables(lambda: self.driven)
        self.reports = Reports(Subscribers(False), Subscribers(False), 6, 4)
        self.namespace = contract(
            self.hub, Panel(6, (1, 2)), Acts(**(self.acts() | left_out)), self.asks(), self.reports
        )
        self.reports.watch(watched(self.namespace))
        self.server = OscServer(lambda: self.namespace, 0, False, self.said.append, self.reports.complain)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((HERE, 0))
        self.socket.settimeout(5.0)

    def acts(self):
        names = ["panic", "override", "release", "led", "gate_out", "load_preset", "save_preset"]
        hands = {name: self.doing(f"sim {name}") for name in ("patch", "release", "gate", "button")}
        return {
            **{name: self.doing(name) for name in names},
            "model": lambda name: self.choose("model", name),
            "mode": lambda name: self.choose("mode", name),
            "hands": Hands(**hands, cvs=8, gates=4, buttons=3),
        }

    def asks(self):
        return Asks(
            mode=lambda: self.chosen.mode,
            modes=lambda: MODES,
            models=lambda: MODELS,
            preset=lambda: self.chosen.preset,
            presets=lambda: ("glass", "wood"),
            f0_hz=lambda: 440.0,
            levels=lambda: (0.5, 0.25),
            input=lambda: (0.5, 1, 0.0625),
        )

    def doing(self, name):
        return lambda *values: self.done.append((name, *values))

    def choose(self, what, name):
        setattr(self.chosen, what, name)
        self.done.append((what, name))
        if what == "model":
            self.reports.engine(0.25, 0.5, 3, name)

    def close(self):
        self.server.close()
        self.reports.close()
        self.socket.close()

    def send(self, datagram):
        self.socket.sendto(datagram, (HERE, self.server.port))

    def hear(self):
        """The messages of the next datagram."""
        return messages(self.socket.recv(65_536))


def messages(datagram):
    return [(m.message.address, tuple(m.message)) for m in OscPacket(datagram).messages]


def eventually(condition):
    deadline = time.monotonic() + 5.0
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)
