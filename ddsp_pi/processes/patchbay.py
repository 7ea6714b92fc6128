"""Lays the sound through Pd: who is connected to whom at the JACK server, and who is to be.

JACK's own small programs do the work. They ask afresh each time, so they need not notice that a server went
and came back; and they find whatever server Pd finds.
"""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

CLIENT = "ddsp-pd"
"""What Pd is called at the JACK server."""

OURS = ("PortAudio:out_0", "PortAudio:out_1")
INPUTS = (f"{CLIENT}:input_1", f"{CLIENT}:input_2")
OUTPUTS = (f"{CLIENT}:output_1", f"{CLIENT}:output_2")
CODEC = ("system:playback_1", "system:playback_2")

TOOLS = ("jack_lsp", "jack_connect", "jack_disconnect")

ANSWER_S = 2.0
"""How long a server that is well may take to answer."""

Cables = Mapping[str, frozenset[str]]
"""Each port there is, and where it is connected to."""


class Change(NamedTuple):
    """What is to be done; (from, to) in both."""

    lay: frozenset[tuple[str, str]]
    pull: frozenset[tuple[str, str]]


def cables(listing: str) -> Cables:
    """What `jack_lsp -c` printed: a port on each line, and indented below where it is connected to."""
    found: dict[str, set[str]] = {}
    port = ""
    for line in filter(str.strip, listing.splitlines()):
        if line[0].isspace():
            found[port].add(line.strip())
        else:
            port = line.strip()
            found[port] = set()
    return {port: frozenset(others) for port, others in found.items()}


def change(now: Cables, ours: bool) -> Change:
    """From what is connected to the module through Pd to the codec, or past Pd where it is not there.

    Args:
        now: what is connected.
        ours: whether the module plays on this server.
    """
    through = all(port in now for port in (*INPUTS, *OUTPUTS))
    outs = [port for port in OURS if ours and port in now]
    wanted = _pairs(outs, INPUTS if through else CODEC)
    if through:
        wanted |= _pairs(OUTPUTS, CODEC)
    past = {(out, codec) for out in outs for codec in CODEC if through}
    there = {(port, other) for port, others in now.items() for other in others}
    possible = {(source, sink) for source, sink in wanted if sink in now}
    return Change(frozenset(possible - there), frozenset(past & there))


def _pairs(sources: Iterable[str], sinks: tuple[str, ...]) -> set[tuple[str, str]]:
    """Side by side; a single source goes to all."""
    sources = tuple(sources)
    if len(sources) == 1:
        return {(sources[0], sink) for sink in sinks}
    return set(zip(sources, sinks, strict=False))


class Patchbay:
    """Keeps the connections as they are to be, whoever is started again."""

    def __init__(self, ours: bool, say: Callable[[str], None]) -> None:
        """`ours`: whether the module plays on this server too."""
        self._ours, self._say = ours, say
        self._through: bool | None = None
        self.able = all(map(shutil.which, TOOLS))
        if not self.able:
            say(_by_hand())

    def tend(self) -> bool | None:
        """Look once and put right what is not; whether Pd is at the server, None: nobody knows."""
        listing = _tool("jack_lsp", "-c") if self.able else None
        if listing is None:
            return None
        now = cables(listing)
        todo = change(now, self._ours)
        for tool, pairs in (("jack_connect", todo.lay), ("jack_disconnect", todo.pull)):
            for source, sink in sorted(pairs):
                _tool(tool, source, sink)
        through = all(port in now for port in (*INPUTS, *OUTPUTS))
        if through and self._through is not True:
            self._say("the sound goes through Pd")
        self._through = through
        return through


def _tool(*words: str) -> str | None:
    """What a tool printed; None where there is no server, or what was connected has gone meanwhile."""
    environment = os.environ | {"JACK_NO_START_SERVER": "1"}
    try:
        done = subprocess.run(
            words, capture_output=True, text=True, check=True, env=environment, timeout=ANSWER_S
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout


def _by_hand() -> str:
    laid = [*zip(OURS, INPUTS, strict=True), *zip(OUTPUTS, CODEC, strict=True)]
    rows = "; ".join(f"{source} to {sink}" for source, sink in laid)
    return f"{TOOLS[1]} is not installed (sudo apt install jack-tools), so connect yourself: {rows}"
