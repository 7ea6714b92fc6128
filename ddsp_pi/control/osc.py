"""OSC in: notes, parameters and the instrument over UDP."""

import re
import sys
import threading
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from ddsp_pi.control.hub import Hub
from ddsp_pi.control.messages import message, whole
from ddsp_pi.control.reports import Reports
from ddsp_pi.control.subscribers import Address, Subscribers
from ddsp_pi.errors import AudioError, ParamError

if TYPE_CHECKING:
    from pythonosc.dispatcher import Dispatcher
    from pythonosc.osc_server import BlockingOSCUDPServer

NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")

Reply = tuple[str, int] | None
"""What goes back to the sender of a message."""

LOOPBACK, EVERYWHERE = "127.0.0.1", "0.0.0.0"


class OscServer:
    """Listens in a thread of its own. A bad message is counted, said once and dropped."""

    def __init__(
        self,
        hub: Hub,
        port: int,
        lan: bool,
        say: Callable[[str], None],
        select: Callable[[str], None],
        reports: Reports | None = None,
        more: Mapping[str, Callable[..., None]] | None = None,
    ) -> None:
        """Play on a hub, `say` the first bad message, `select` instruments.

        Args:
            port: UDP port; 0 takes a free one.
            lan: whether other computers are heard.
            reports: who subscribes is told these; without them nobody can.
            more: what to do with messages to other addresses, given address and values.
        """
        from pythonosc.dispatcher import Dispatcher

        self._hub, self._say, self._select, self._reports = hub, say, select, reports
        self.rejected = 0
        # A module without a clock battery would hold bundles stamped in its future.
        dispatcher = Dispatcher(strict_timing=False)
        dispatcher.map("/ddsp/note", self._guarded(self._note))
        dispatcher.map("/ddsp/param/*", self._guarded(self._param))
        dispatcher.map("/ddsp/instrument", self._guarded(self._instrument))
        if reports is not None:
            self._map_reports(dispatcher, reports)
        for address, act in (more or {}).items():
            dispatcher.map(address, self._guarded(act))
        dispatcher.set_default_handler(self._guarded(self._unknown))
        try:
            self._server = _listen((EVERYWHERE if lan else LOOPBACK, port), dispatcher, self._reject)
        except OSError as error:
            raise AudioError(f"OSC port {port}: {error.strerror}; set osc.port to a free one") from error
        threading.Thread(target=self._server.serve_forever, name="osc", daemon=True).start()

    @property
    def port(self) -> int:
        """The UDP port that is listened on."""
        return int(self._server.server_address[1])

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()

    def _map_reports(self, dispatcher: "Dispatcher", reports: Reports) -> None:
        topics = {"/ddsp/subscribe": reports.listeners, "/ddsp/subscribe/raw": reports.recorders}
        for address, subscribers in topics.items():
            dispatcher.map(address, self._subscription(subscribers), needs_reply_address=True)
        dispatcher.map("/ddsp/ping", self._guarded(partial(_pong, reports.listeners)))

    def _guarded(self, handler: Callable[..., Reply]) -> Callable[..., Reply]:
        def take(address: str, *values: Any) -> Reply:
            try:
                return handler(address, *values)
            except (TypeError, ValueError, ParamError) as error:
                self._reject(f"OSC {address} {' '.join(map(str, values))}: {error}")
                return None

        return take

    def _reject(self, complaint: str) -> None:
        self.rejected += 1
        if self.rejected == 1:
            self._say(f"{complaint}; such messages are dropped")
        if self._reports is not None:
            self._reports.complain(complaint)

    def _subscription(self, subscribers: Subscribers) -> Callable[..., None]:
        def take(sender: Address, *message: Any) -> None:
            def subscribe(address: str, port: object, host: object = sender[0]) -> None:
                subscribers.add(host, port)

            self._guarded(subscribe)(*message)

        return take

    def _note(self, address: str, note: float, velocity: float) -> None:
        if not (0.0 <= note <= 127.0 and 0.0 <= velocity <= 1.0):
            raise ValueError("wants a note 0..127 and a velocity 0..1")
        self._hub.play(float(note), float(velocity))

    def _param(self, address: str, value: float) -> None:
        self._hub.set(address.removeprefix("/ddsp/param/"), float(value))

    def _instrument(self, address: str, name: str) -> None:
        # A name and nothing else: no one on the network is to open files of their choice.
        if not NAME.fullmatch(name):
            raise ValueError("wants the name of an instrument")
        self._select(name)

    def _unknown(self, address: str, *values: Any) -> None:
        raise ValueError("nobody listens to that address")


def _listen(
    address: Address, dispatcher: "Dispatcher", reject: Callable[[str], None]
) -> "BlockingOSCUDPServer":
    from pythonosc.osc_server import BlockingOSCUDPServer

    class Server(BlockingOSCUDPServer):
        """Bytes that the library cannot read, because they are no text for example, leave no traceback."""

        def handle_error(self, request: object, client_address: Address) -> None:
            reject(f"OSC from {client_address[0]}: {sys.exc_info()[1]}")

    return Server(address, dispatcher)


def _pong(listeners: Subscribers, address: str, number: object) -> Reply:
    known = whole(number, -(1 << 31), (1 << 31) - 1, "a number")
    listeners.send(message("/ddsp/pong", "i", known))
    return "/ddsp/pong", known
