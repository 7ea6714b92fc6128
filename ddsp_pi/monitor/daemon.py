"""The running ddsp-pi, as it is heard over OSC."""

import socket
import time
from collections.abc import Callable
from typing import Any

from ddsp_pi.control.messages import bundle, message
from ddsp_pi.control.raw import ADDRESS, GATE_ADDRESS, unpack_scans
from ddsp_pi.monitor.reading import Reading
from ddsp_pi.monitor.recording import Recording

HERE = "127.0.0.1"
RENEW_S = 3.0
"""A subscription lasts 10 s, and a message may be lost."""

SILENCE_S = 2.0
"""A daemon says something four times a second."""

LOOK_S = 0.1
"""Never waits longer for a message, so that a recording is written in time."""

LARGEST = 65_536
ROOM = 1 << 20
"""Bytes that may wait while the screen is drawn."""


class Daemon:
    """See Source. Subscribes, and learns from what comes."""

    def __init__(self, port: int) -> None:
        """`port`: where the daemon listens on this computer."""
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, ROOM)
        self._socket.bind((HERE, 0))
        self._daemon = HERE, port
        self._recording: Recording | None = None
        self._renew_s = 0.0
        self._next_batch: int | None = None
        self.reading = Reading()
        self._heard_s: float | None = None
        self.lost = 0
        """See Source."""

    def record(self, recording: Recording) -> None:
        """See Source."""
        self._recording, self._renew_s = recording, 0.0

    def listen(self, until_s: float) -> None:
        """See Source."""
        while (left_s := until_s - time.monotonic()) > 0.0:
            self._renew()
            self._socket.settimeout(min(left_s, LOOK_S))
            try:
                datagram = self._socket.recv(LARGEST)
            except TimeoutError:
                datagram = b""
            self._take(datagram)
            self._miss()
            if self._recording is not None:
                self._recording.beat()

    def answers(self, patience_s: float) -> bool:
        """Wait for the first word; whether it came in time."""
        give_up_s = time.monotonic() + patience_s
        while self._heard_s is None and time.monotonic() < give_up_s:
            self.listen(min(time.monotonic() + 0.02, give_up_s))
        return self._heard_s is not None

    def close(self) -> None:
        """See Source. The subscription expires."""
        self._socket.close()

    def _miss(self) -> None:
        if self._heard_s is not None and time.monotonic() - self._heard_s > SILENCE_S:
            self.reading.complain("ddsp-pi says nothing any more; these are its last words")

    def _renew(self) -> None:
        now_s = time.monotonic()
        if now_s < self._renew_s:
            return
        self._renew_s = now_s + RENEW_S
        port = self._socket.getsockname()[1]
        topics = ["/ddsp/subscribe"] + ["/ddsp/subscribe/raw"] * (self._recording is not None)
        self._socket.sendto(bundle([message(topic, "i", port) for topic in topics]), self._daemon)

    def _take(self, datagram: bytes) -> None:
        from pythonosc.osc_packet import OscPacket, ParseError

        try:
            messages = [timed.message for timed in OscPacket(datagram).messages] if datagram else []
        except (ParseError, ValueError):
            return
        for one in messages:
            self._learn(one.address, list(one))

    def _learn(self, address: str, values: list[Any]) -> None:
        known = self.reading.take(address, values) or self._record(address, values)
        if known:
            self._heard_s = time.monotonic()

    def _record(self, address: str, values: list[Any]) -> bool:
        keeps: dict[str, Callable[..., None]] = {ADDRESS: self._keep_scans, GATE_ADDRESS: self._keep_gate}
        if self._recording is None or address not in keeps:
            return False
        try:
            keeps[address](self._recording, *values)
        except (TypeError, ValueError):
            return False
        return True

    def _keep_scans(self, recording: Recording, number: int, cvs: int, scans: bytes) -> None:
        if self._next_batch is not None and number > self._next_batch:
            self.lost += number - self._next_batch
        self._next_batch = number + 1
        for at_ns, volts in unpack_scans(cvs, scans):
            recording.scan(at_ns, volts)

    def _keep_gate(self, recording: Recording, gate: int, level: int, at_ns: int) -> None:
        recording.gate(at_ns, gate, bool(level))
