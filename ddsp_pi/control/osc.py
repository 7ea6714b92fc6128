"""OSC in: notes, parameters and the instrument over UDP."""

import re
import threading
from collections.abc import Callable
from typing import Any

from ddsp_pi.control.hub import Hub
from ddsp_pi.errors import AudioError, ParamError

NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")

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
    ) -> None:
        from pythonosc.dispatcher import Dispatcher
        from pythonosc.osc_server import BlockingOSCUDPServer

        self._hub, self._say, self._select = hub, say, select
        self.rejected = 0
        # A module without a clock battery would hold bundles stamped in its future.
        dispatcher = Dispatcher(strict_timing=False)
        dispatcher.map("/ddsp/note", self._guarded(self._note))
        dispatcher.map("/ddsp/param/*", self._guarded(self._param))
        dispatcher.map("/ddsp/instrument", self._guarded(self._instrument))
        dispatcher.set_default_handler(self._guarded(self._unknown))
        try:
            self._server = BlockingOSCUDPServer((EVERYWHERE if lan else LOOPBACK, port), dispatcher)
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

    def _guarded(self, handler: Callable[..., None]) -> Callable[..., None]:
        def take(address: str, *values: Any) -> None:
            try:
                handler(address, *values)
            except (TypeError, ValueError, ParamError) as error:
                self.rejected += 1
                if self.rejected == 1:
                    self._say(
                        f"OSC {address} {' '.join(map(str, values))}: {error}; such messages are dropped"
                    )

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
