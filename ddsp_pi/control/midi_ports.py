"""MIDI ports that come and go: what they say waits in a queue until the control loop takes it."""

import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

from ddsp_pi.config import Midi
from ddsp_pi.errors import AudioError, MissingExtraError

LOOK_EVERY_S = 1.0
"""How often ports are looked for."""

REST_S = 60.0
"""The longest rest between two tries to reach a system of ports that does not answer."""

PROVE_EVERY = 5
"""Looks between two proofs that a JACK server is alive."""

MOST_WAITING = 1024
"""Messages that wait. More are a flood: all are dropped, and what they held down is let go."""

MOST_AT_ONCE = 32
"""Messages taken at one beat; at a thousand beats a second that is thirty cables' worth."""

CLIENT = "ddsp-pi"

_BUILD = "and 'pip install --force-reinstall --no-cache-dir python-rtmidi'"
REBUILD = {
    "alsa": f"'sudo apt install libasound2-dev' {_BUILD}",
    "jack": f"'sudo apt install libjack-jackd2-dev' {_BUILD}",
}
"""What gives python-rtmidi a system that was missing when it was built."""

SEQUENCER = Path("/dev/snd/seq")

Give = Callable[[Any], None]
"""Takes a message of mido; from any thread."""


class System(Protocol):
    """Whose ports they are. Methods raise AudioError when it does not answer."""

    def names(self) -> list[str]:
        """Of all ports that can be heard now, each once."""

    def open(self, name: str, give: Give) -> Callable[[], None]:
        """Hear a port; returns what closes it."""

    def close(self) -> None:
        """Let go of the system; it may be asked again."""


class MidiPorts:
    """Hears the ports that are wanted, and looks every second for those that come and go.

    Whatever is missing is said once, and playing goes on without it.
    """

    def __init__(self, settings: Midi, say: Callable[[str], object], system: System | None = None) -> None:
        """`system`: another one than the settings name. Nothing is looked for before `start`."""
        self._wanted, self._say = settings.port, say
        self._system = RtMidi(settings.system) if system is None else system
        self._waiting: deque[Any] = deque()
        self._open: dict[str, Callable[[], None]] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look_on, name="midi", daemon=True)
        self._said, self._met = "", False
        self._rest_s = LOOK_EVERY_S
        self.flooded = 0
        """How many messages were dropped because too many waited."""

    def start(self) -> None:
        """Look from now on, in a thread of its own, if any port is wanted."""
        if self._wanted is not None:
            self._thread.start()

    def drain(self, take: Callable[[Any], object], let_go: Callable[[], object]) -> None:
        """Pass on what has come, some at a time; `let_go` when a port is gone with its keys down.

        Called at every beat of the control loop.
        """
        for _ in range(min(len(self._waiting), MOST_AT_ONCE)):
            message = self._waiting.popleft()
            if message is None:
                let_go()
            else:
                take(message)

    def close(self) -> None:
        """Hear nothing any more."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(2.0)

    def look(self) -> bool:
        """Open ports that came, close those that went; whether there is a reason to look again."""
        try:
            names = self._system.names()
            self._drop(set(self._open) - set(names))
            self._hear([name for name in names if name not in self._open and self._wants(name)])
            self._rest_s = LOOK_EVERY_S
            if not (self._met or self._wanted == "all"):
                self._say_once(_missing(self._wanted, names))
        except MissingExtraError as error:
            self._say_once(f"MIDI: {error}")
            return False
        except AudioError as error:
            self._drop(set(self._open))
            self._system.close()
            self._say_once(f"MIDI: {error}")
            self._rest_s = min(2.0 * self._rest_s, REST_S)
        return True

    def _look_on(self) -> None:
        while self.look() and not self._stop.wait(self._rest_s):
            pass
        self._drop(set(self._open), quietly=True)
        self._system.close()

    def _wants(self, name: str) -> bool:
        wanted = self._wanted or ""
        return wanted == "all" or wanted.casefold() in name.casefold()

    def _hear(self, names: Iterable[str]) -> None:
        for name in names:
            self._open[name] = self._system.open(name, self._give)
            self._said, self._met = "", True
            self._say(f"MIDI: {name} plays")

    def _drop(self, names: Iterable[str], quietly: bool = False) -> None:
        for name in sorted(names):
            self._open.pop(name)()
            self._waiting.append(None)
            if not quietly:
                self._say(f"MIDI: {name} is gone, and what it held has ended")

    def _give(self, message: Any) -> None:
        if len(self._waiting) >= MOST_WAITING:
            self.flooded += len(self._waiting)
            self._waiting.clear()
            self._waiting.append(None)
        self._waiting.append(message)

    def _say_once(self, text: str) -> None:
        if text != self._said:
            self._said = text
            self._say(text)


def _missing(wanted: str | None, names: list[str]) -> str:
    there = ", ".join(names) if names else "none"
    return f"MIDI: no port has {wanted!r} in its name yet (midi.port); there are: {there}"


class RtMidi:
    """See System: the ports of ALSA or JACK, through python-rtmidi."""

    def __init__(self, system: str) -> None:
        """`system`: as `midi.system` says. Nothing is opened before the first question."""
        self._name = ("alsa" if sys.platform == "linux" else "") if system == "auto" else system
        self._ear: Any = None
        self._looks = 0

    def names(self) -> list[str]:
        """See System."""
        if self._ear is None:
            self._ear = self._client(f"{CLIENT} looks")
        self._looks += 1
        if self._name == "jack" and self._looks % PROVE_EVERY == 0:
            self._prove()
        return list(self._ear.get_ports())

    def open(self, name: str, give: Give) -> Callable[[], None]:
        """See System."""
        client = self._client(CLIENT)
        refusals = _refusals()
        try:
            client.open_port(client.get_ports().index(name), "in")
        except refusals as error:
            client.delete()
            raise AudioError(f"{name} cannot be opened ({error})") from error
        client.ignore_types(sysex=True, timing=True, active_sense=True)
        client.set_callback(_heard(give))

        def close() -> None:
            with suppress(*refusals):
                client.cancel_callback()
                client.close_port()
                client.delete()

        return close

    def close(self) -> None:
        """See System."""
        if self._ear is not None:
            self._ear.delete()
            self._ear = None

    def _prove(self) -> None:
        """Ports of a server that has ended seem to be there for ever; only a new one cannot be made."""
        try:
            self._ear.open_virtual_port("alive")
            self._ear.close_port()
        except _refusals() as error:
            raise AudioError(f"JACK has ended ({error})") from error

    def _client(self, name: str) -> Any:
        try:
            import mido  # noqa: F401
            import rtmidi
        except ImportError as error:
            needs = f"{error.name or 'python-rtmidi'} is not installed: pip install 'ddsp-pi[midi]'"
            raise MissingExtraError(f"{needs}, or leave midi.port empty") from error
        if self._name == "alsa" and not SEQUENCER.exists():
            # Asked for in vain, ALSA would write lines of its own into the log.
            raise AudioError(f"there is no {SEQUENCER}; 'sudo modprobe snd-seq' makes it, or set midi.system")
        apis = {"alsa": rtmidi.API_LINUX_ALSA, "jack": rtmidi.API_UNIX_JACK}
        api = apis.get(self._name, rtmidi.API_UNSPECIFIED)
        if self._name in apis and api not in rtmidi.get_compiled_api():
            # Asked for it all the same, it would take another system, without a word.
            raise AudioError(f"python-rtmidi was built without {self._name}; {REBUILD[self._name]}")
        try:
            return rtmidi.MidiIn(rtapi=api, name=name)
        except _refusals() as error:
            raise AudioError(f"{self._name or 'the system'} does not answer ({error})") from error


def _refusals() -> tuple[type[Exception], ...]:
    from rtmidi import RtMidiError

    return RtMidiError, OSError, ValueError


def _heard(give: Give) -> Callable[[tuple[list[int], float], object], None]:
    """What rtmidi calls with the bytes of a message; those of no message are passed over."""
    from mido import Message

    def heard(event: tuple[list[int], float], data: object = None) -> None:
        with suppress(ValueError):
            give(Message.from_bytes(event[0]))

    return heard
