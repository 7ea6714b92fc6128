"""OSC in: what comes over UDP does what the namespace says, and nothing else."""

import socket
import threading
from collections.abc import Callable, Sequence

from ddsp_pi.control.datagram import read_datagram
from ddsp_pi.control.namespace import Namespace, Sender
from ddsp_pi.errors import AudioError

LOOPBACK, EVERYWHERE = "127.0.0.1", "0.0.0.0"

LARGEST = 65_536
"""No datagram is longer."""

ROOM = 1 << 20
"""Bytes that may wait while the board is read, as far as the system lets them."""

LONGEST_QUOTE = 60
"""Letters of what somebody sent that a complaint repeats."""


class OscServer:
    """Listens in a thread of its own. A bad message is counted, said once and dropped."""

    def __init__(
        self,
        namespace: Callable[[], Namespace],
        port: int,
        lan: bool,
        say: Callable[[str], None],
        complain: Callable[[str], None] | None = None,
    ) -> None:
        """`say` the first bad message, `complain` about each.

        Args:
            namespace: what there is now; another mode may have other parameters.
            port: UDP port; 0 takes a free one.
            lan: whether other computers are heard.

        Raises:
            AudioError: the port is taken.
        """
        self._namespace, self._say, self._complain = namespace, say, complain
        self.rejected = 0
        self._open = True
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, ROOM)
        try:
            self._socket.bind((EVERYWHERE if lan else LOOPBACK, port))
        except OSError as error:
            self._socket.close()
            raise AudioError(f"OSC port {port}: {error.strerror}; set osc.port to a free one") from error
        self._thread = threading.Thread(target=self._serve, name="osc", daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        """The UDP port that is listened on."""
        return int(self._socket.getsockname()[1])

    def close(self) -> None:
        """Stop listening."""
        self._open = False
        # Whoever waits for a datagram is woken by one.
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as waking:
            waking.sendto(b"", (LOOPBACK, self.port))
        self._thread.join()
        self._socket.close()

    def take(self, datagram: bytes, sender: Sender) -> None:
        """Do what a datagram says; raises nothing, whatever it holds."""
        try:
            for path, values in read_datagram(datagram):
                self._act(path, values, sender)
        except ValueError as error:
            self._reject(f"OSC from {sender[0]}: {error}")

    def _serve(self) -> None:
        while True:
            try:
                datagram, sender = self._socket.recvfrom(LARGEST)
            except OSError:
                # Nobody took what was sent back to some earlier sender.
                continue
            if not self._open:
                return
            if datagram:
                self.take(datagram, sender)

    def _act(self, path: str, values: Sequence[object], sender: Sender) -> None:
        try:
            reply = self._namespace().act(path, values, sender)
            if reply is not None:
                self._socket.sendto(reply, sender)
        except Exception as error:
            # Whatever one message breaks, the next one is heard.
            self._reject(f"OSC {_quoted([path, *values])}: {error}")

    def _reject(self, complaint: str) -> None:
        self.rejected += 1
        # It quotes what came over the network, and must not steer the terminal of whoever reads it.
        complaint = "".join(letter if letter.isprintable() else "?" for letter in complaint)
        if self.rejected == 1:
            self._say(f"{complaint}; such messages are dropped")
        if self._complain is not None:
            self._complain(complaint)


def _quoted(parts: Sequence[object]) -> str:
    """The beginning of a message, as plain text."""
    text = " ".join(_shown(part) for part in parts[:8])
    return text if len(parts) <= 8 else f"{text} …"


def _shown(part: object) -> str:
    text = f"{len(part)} bytes" if isinstance(part, bytes) else str(part)
    return text if len(text) <= LONGEST_QUOTE else f"{text[:LONGEST_QUOTE]}…"
