"""A control process in small: reports, and the OSC server where one subscribes."""

import threading
import time

from ddsp_pi.control.acts import Acts, Panel
from ddsp_pi.control.contract import contract
from ddsp_pi.control.hub import Hub
from ddsp_pi.control.osc import OscServer
from ddsp_pi.control.reports import Reports
from ddsp_pi.control.subscribers import Subscribers
from ddsp_pi.modes.cv import PARAMS
from ddsp_pi.params import ParamSet


class Talker:
    """Says what a test lets it say; with `begin` also by itself, a thousand times a second."""

    def __init__(self, cvs=3, gates=4):
        self.reports = Reports(Subscribers(False), Subscribers(False), cvs, gates)
        hub = Hub(ParamSet(PARAMS), lambda edit: None)
        namespace = contract(hub, Panel(cvs), Acts(), reports=self.reports)
        self.server = OscServer(lambda: namespace, 0, False, lambda text: None, self.reports.complain)
        self.port = self.server.port
        self._stop = threading.Event()
        self._thread = None

    def begin(self, say):
        """`say(reports, now_ns)` on every beat."""
        self._thread = threading.Thread(target=self._talk, args=(say,), daemon=True)
        self._thread.start()

    def close(self):
        self._stop.set()
        if self._thread is not None:
            self._thread.join(10)
        self.server.close()
        self.reports.close()

    def _talk(self, say):
        while not self._stop.wait(0.001):
            say(self.reports, time.monotonic_ns())
