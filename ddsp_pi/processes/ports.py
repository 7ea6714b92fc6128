"""OSC and OSCQuery inside the control process: a port that somebody else has costs nothing but itself."""

from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from ddsp_pi.control.namespace import Namespace
from ddsp_pi.control.osc import OscServer
from ddsp_pi.control.oscquery import QueryServer
from ddsp_pi.errors import AudioError
from ddsp_pi.sections import Osc

Say = Callable[[str], object]


class _Closable(Protocol):
    def close(self) -> None: ...


Server = TypeVar("Server", bound=_Closable)


class _Door(Generic[Server]):
    """Opened as soon as it can be; what is in the way is said once, and when it is gone."""

    def __init__(self, name: str, without: str, open_: Callable[[], Server], say: Say) -> None:
        self._name, self._without, self._open, self._say = name, without, open_, say
        self._trouble = ""
        self.server: Server | None = None

    def look(self) -> None:
        if self.server is not None:
            return
        try:
            self.server = self._open()
        except AudioError as error:
            self._complain(str(error))
        else:
            if self._trouble:
                self._say(f"{self._name} is free now, and open")

    def close(self) -> None:
        if self.server is not None:
            self.server.close()

    def _complain(self, trouble: str) -> None:
        if trouble != self._trouble:
            self._say(f"{trouble}. Until it is free {self._without}; all else plays")
        self._trouble = trouble


class Ports:
    """Where messages and questions come in. Called by the control loop's thread only."""

    def __init__(
        self, osc: Osc, namespace: Namespace, say: Callable[[str], None], complain: Callable[[str], None]
    ) -> None:
        """Open what is free; `say` and `complain` see OscServer."""
        self._osc = _Door(
            f"OSC port {osc.port}",
            "nothing is heard by OSC",
            lambda: OscServer(lambda: namespace, osc.port, osc.lan, say, complain),
            say,
        )
        self._query = _Door(
            f"OSCQuery port {osc.query_port}",
            "nobody can ask which addresses there are",
            lambda: QueryServer(lambda: namespace, osc.query_port, osc.lan, osc.port),
            say,
        )
        self._asked = bool(osc.query_port)
        self.look()

    @property
    def heard(self) -> bool:
        """Whether OSC comes in."""
        return self._osc.server is not None

    def look(self) -> None:
        """Try again what was not free."""
        self._osc.look()
        # Who is told of addresses sends to that port, and until it is ours somebody else would get that.
        if self._asked and self.heard:
            self._query.look()

    def close(self) -> None:
        """Hear nothing any more."""
        self._query.close()
        self._osc.close()
