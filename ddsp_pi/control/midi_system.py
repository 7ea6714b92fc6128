"""Whose MIDI ports there are: those of ALSA or JACK."""

import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

from ddsp_pi.errors import AudioError, MissingExtraError

CLIENT = "ddsp-pi"

PROVE_EVERY = 5
"""Looks between two proofs that a JACK server is alive."""

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
        try:
            if self._name == "jack" and self._looks % PROVE_EVERY == 0:
                self._prove()
            return list(self._ear.get_ports())
        except _refusals() as error:
            raise AudioError(f"{self._name or 'the system'} has ended ({error})") from error

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
        self._ear.open_virtual_port("alive")
        self._ear.close_port()

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
