"""How long control takes to answer by OSC: a ping at a time, while something else goes on."""

import socket
import threading
import time
from typing import Any

import numpy as np
from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import OscMessageBuilder

EVERY_S = 0.02
PATIENCE_S = 1.0
"""Whoever has not answered by then never will."""


class Pings:
    """Asks on and on in a thread, between `with` and its end."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._took_ms: list[float] = []
        self._lost = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "Pings":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def report(self) -> dict[str, Any]:
        """What was seen."""
        shares = {"p50": 0.5, "p99": 0.99, "worst": 1.0}
        took = {f"{n} ms": round(float(np.quantile(self._took_ms, s)), 2) for n, s in shares.items()}
        return {"answered": len(self._took_ms), "lost": self._lost} | took

    def _run(self) -> None:
        number = 0
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
            own.settimeout(PATIENCE_S)
            own.connect(("127.0.0.1", self._port))
            while not self._stop.wait(EVERY_S):
                number += 1
                self._ask(own, number)

    def _ask(self, own: socket.socket, number: int) -> None:
        builder = OscMessageBuilder("/ddsp/ping")
        builder.add_arg(number, "i")
        asked_s = time.monotonic()
        own.send(builder.build().dgram)
        try:
            # An answer that came too late for the last one is not the answer to this one.
            while list(OscMessage(own.recv(1024))) != [number]:
                pass
        except TimeoutError:
            self._lost += 1
            return
        self._took_ms.append((time.monotonic() - asked_s) * 1e3)
