"""OSCQuery: which OSC addresses there are, told as JSON to whoever asks by HTTP.

After the OSCQuery proposal of Vidvox, https://github.com/Vidvox/OSCQueryProposal, without the parts that
are optional and need a websocket.
"""

import json
import math
import threading
from collections.abc import Callable, Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from typing import Any
from urllib.parse import unquote

from ddsp_pi.control.namespace import Address, Namespace, Said, Value
from ddsp_pi.control.osc import EVERYWHERE, LOOPBACK
from ddsp_pi.errors import AudioError

MOST_AT_ONCE = 4
"""Askers that are answered at the same time; others are turned away."""

PATIENCE_S = 5.0
"""How long an asker may take over a line."""

UNITS = {
    "dB": "gain.db",
    "Hz": "time.hz",
    "s": "time.second",
    "ms": "time.ms",
    "cents": "time.cents",
}
"""Our units by the names that the proposal gives them; others go by our own."""

Node = dict[str, Any]


def host_info(name: str, osc_port: int) -> Node:
    """Who answers, and where messages are to go."""
    extensions = {attribute: True for attribute in _ATTRIBUTES if attribute not in ("FULL_PATH", "CONTENTS")}
    return {
        "NAME": name,
        "OSC_PORT": osc_port,
        "OSC_TRANSPORT": "UDP",
        "EXTENSIONS": {**extensions, "LISTEN": False, "PATH_CHANGED": False},
    }


def node(namespace: Namespace, path: str) -> Node | None:
    """All that is known of an address and of those below it; None: there is no such place."""
    below = {name for name in namespace if name.startswith(f"{path.rstrip('/')}/")}
    address = namespace.get(path)
    if address is None and not below:
        return None
    found = {"FULL_PATH": path, "ACCESS": 0} if address is None else _method(address)
    if below:
        depth = len(path.rstrip("/"))
        names = dict.fromkeys(name[depth + 1 :].split("/")[0] for name in namespace if name in below)
        found["CONTENTS"] = {name: node(namespace, f"{path.rstrip('/')}/{name}") for name in names}
    return found


def _method(address: Address) -> Node:
    known = {attribute: tell(address) for attribute, tell in _ATTRIBUTES.items() if tell is not None}
    return {attribute: said for attribute, said in known.items() if said is not None}


def _type(address: Address) -> str:
    # A push button: the type that carries nothing.
    return address.tags or "I"


def _value(address: Address) -> list[Said | None] | None:
    values = None if address.read is None else address.read()
    return None if values is None else [_plain(value) for value in values]


def _plain(value: Said) -> Said | None:
    """JSON knows no NaN."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _each(tell: Callable[[Value], Any], nothing: Any) -> Callable[[Address], list[Any] | None]:
    """One thing about each value; None if there is nothing to say about any."""

    def each(address: Address) -> list[Any] | None:
        said = [tell(value) for value in address.values]
        return None if all(one == nothing for one in said) else said

    return each


def _range(value: Value) -> Node:
    ends: Node = {"MIN": value.low, "MAX": value.high}
    if value.choices is not None:
        ends["VALS"] = list(value.choices())
    return {name: end for name, end in ends.items() if end is not None}


_ATTRIBUTES: Mapping[str, Callable[[Address], Any] | None] = {
    "FULL_PATH": lambda address: address.path,
    "CONTENTS": None,
    "DESCRIPTION": lambda address: address.doc,
    "ACCESS": lambda address: (address.read is not None) + 2 * (address.write is not None),
    "TYPE": _type,
    "VALUE": _value,
    "RANGE": _each(_range, {}),
    "CLIPMODE": _each(lambda value: "both" if value.held else "none", "none"),
    "UNIT": _each(lambda value: UNITS.get(value.unit, value.unit or "none"), "none"),
}
"""What can be said of a place, and how an address says it."""


class QueryServer:
    """Answers in threads of its own."""

    def __init__(
        self, namespace: Callable[[], Namespace], port: int, lan: bool, osc_port: int, name: str = "ddsp-pi"
    ) -> None:
        """Listen at once.

        Args:
            namespace: what there is now.
            port: TCP port; 0 takes a free one.
            lan: whether other computers may ask.
            osc_port: where messages are to go.
            name: what this module calls itself.

        Raises:
            AudioError: the port is taken.
        """
        self._namespace, self._info = namespace, host_info(name, osc_port)
        try:
            self._server = _Server((EVERYWHERE if lan else LOOPBACK, port), self.answer)
        except OSError as error:
            what = f"OSCQuery port {port}: {error.strerror}"
            raise AudioError(f"{what}; set osc.query_port to a free one, or to 0") from error
        threading.Thread(target=self._server.serve_forever, name="oscquery", daemon=True).start()

    @property
    def port(self) -> int:
        """The TCP port that is listened on."""
        return int(self._server.server_address[1])

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()

    def answer(self, target: str) -> tuple[HTTPStatus, Node | None]:
        """What a request is answered with. `target`: the path, and perhaps ? and one attribute."""
        path, _, attribute = target.partition("?")
        path = unquote(path).rstrip("/") or "/"
        if attribute == "HOST_INFO":
            return HTTPStatus.OK, self._info
        if attribute and attribute not in _ATTRIBUTES:
            return HTTPStatus.BAD_REQUEST, None
        found = node(self._namespace(), path)
        if found is None:
            return HTTPStatus.NOT_FOUND, None
        if not attribute:
            return HTTPStatus.OK, found
        if attribute not in found:
            return HTTPStatus.NO_CONTENT, None
        return HTTPStatus.OK, {attribute: found[attribute]}


class _Server(ThreadingHTTPServer):
    """So many at once and no more."""

    daemon_threads = True
    block_on_close = False

    def __init__(
        self, address: tuple[str, int], answer: Callable[[str], tuple[HTTPStatus, Node | None]]
    ) -> None:
        self.answer = answer
        self._room = threading.BoundedSemaphore(MOST_AT_ONCE)
        super().__init__(address, _Request)

    def process_request(self, request: Any, client_address: Any) -> None:
        if self._room.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._room.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Whoever goes away while it is answered is no error of ours."""

    def server_bind(self) -> None:
        # The library would look up the name of this computer, which can take seconds without a network.
        TCPServer.server_bind(self)
        self.server_name, self.server_port = "", self.server_address[1]


class _Request(BaseHTTPRequestHandler):
    timeout = PATIENCE_S
    server: _Server

    def do_GET(self) -> None:
        status, found = self.server.answer(self.path)
        body = b"" if found is None else json.dumps(found, allow_nan=False).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        if status != HTTPStatus.NO_CONTENT:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing: questions are no news."""
