"""Who listens, where, and until when."""

import socket
import threading
import time
from collections import deque
from collections.abc import Callable
from ipaddress import AddressValueError, IPv4Address

from ddsp_pi.control.messages import whole

Address = tuple[str, int]
"""Host and UDP port."""

LASTS_S = 10.0
"""Who has not renewed a subscription for so long has gone."""

MOST = 8
"""Who subscribes beyond that takes the place of whoever has not renewed for the longest."""


class Subscribers:
    """Programs that asked to be told. They come by any thread; one thread sends.

    Nothing is ever waited for: what a subscriber cannot take now it does not get.
    """

    def __init__(self, lan: bool, now_s: Callable[[], float] = time.monotonic) -> None:
        """`lan`: whether others than programs on this computer may listen."""
        self._lan, self._now_s = lan, now_s
        self._until_s: dict[Address, float] = {}
        self._newcomers: deque[Address] = deque(maxlen=MOST)
        self._lock = threading.Lock()
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)

    def __bool__(self) -> bool:
        """Whether anybody may be listening."""
        return bool(self._until_s)

    def add(self, host: object, port: object) -> None:
        """Tell a program from now on, or go on telling it.

        Raises:
            ValueError: nobody can or may listen there.
        """
        address = self._host(host), whole(port, 1, 65_535, "a UDP port")
        with self._lock:
            self._forget()
            if self._until_s.pop(address, None) is None:
                self._newcomers.append(address)
            self._until_s[address] = self._now_s() + LASTS_S
            if len(self._until_s) > MOST:
                del self._until_s[next(iter(self._until_s))]

    def newcomers(self) -> list[Address]:
        """Who has come since this was asked for the last time."""
        if not self._newcomers:
            return []
        with self._lock:
            new = [address for address in self._newcomers if address in self._until_s]
            self._newcomers.clear()
        return new

    def send(self, message: bytes) -> None:
        """Tell everybody."""
        with self._lock:
            self._forget()
            addresses = list(self._until_s)
        for address in addresses:
            self.send_to(address, message)

    def send_to(self, address: Address, message: bytes) -> None:
        """Tell one of them, as far as that is possible now."""
        try:
            self._socket.sendto(message, address)
        except OSError:
            # No route, no room: whoever is still interested will renew, the others expire.
            return

    def close(self) -> None:
        """Tell nobody any more."""
        self._until_s.clear()
        self._socket.close()

    def _forget(self) -> None:
        now_s = self._now_s()
        # The oldest stand first, and most of the time nobody has expired.
        while self._until_s and self._until_s[oldest := next(iter(self._until_s))] <= now_s:
            del self._until_s[oldest]

    def _host(self, host: object) -> str:
        # Names are not looked up: that can take seconds, in which no note would be heard.
        try:
            known = IPv4Address("127.0.0.1" if host == "localhost" else str(host))
        except AddressValueError:
            raise ValueError("wants a host by its number, such as 192.168.1.20") from None
        if not (self._lan or known.is_loopback):
            raise ValueError(f"{known} is another computer, and osc.lan does not let those listen")
        return str(known)
