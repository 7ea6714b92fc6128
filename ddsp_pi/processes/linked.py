"""The engine's end of the link: what stands for the board in its process."""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from ddsp_pi.dsp.yardstick import Measures
from ddsp_pi.frame import Edge, Event, Note
from ddsp_pi.link.edits import Configure, Measure, Panic, Select, Set, decode
from ddsp_pi.link.shared import Link
from ddsp_pi.link.volts import unpack_volts
from ddsp_pi.rack.board import NO_CABLES

MOST_EDITS = 64
"""Taken per block; the others wait for the next one."""


class LinkedControls:
    """Volts and events from the link; other edits are acted upon at once. Called by the render loop."""

    def __init__(self, link: Link) -> None:
        self._frame, self._edits = link.frame, link.edits
        # What lies there was meant for an engine that is gone.
        self._edits.clear()
        self._volts = NO_CABLES
        self._acts: dict[type, Callable[[Any], object]] = {}
        self.damaged = 0

    def on(
        self,
        set_param: Callable[[str, float], None],
        select: Callable[[str], None],
        panic: Callable[[], None],
        configure: Callable[[], None],
        measure: Callable[[Measures], None] = lambda measures: None,
    ) -> None:
        """Who is to act when a parameter, an instrument, silence, other settings or a drum are asked for."""
        self._acts = {
            Set: lambda edit: set_param(edit.name, edit.value),
            Select: lambda edit: select(edit.path),
            Panic: lambda edit: panic(),
            Configure: lambda edit: configure(),
            Measure: lambda edit: measure(edit.measures),
        }

    def volts(self, at_ns: int) -> tuple[float, ...]:
        """See Board."""
        news = self._frame.read()
        if news is not None:
            self._volts = unpack_volts(news)
        return self._volts

    def events(self, until_ns: int) -> Sequence[Event]:
        """See Board."""
        if not len(self._edits):
            return ()
        events: list[Event] = []
        for record in self._edits.drain(MOST_EDITS):
            self._take(record, events)
        return events

    def _take(self, record: bytes, events: list[Event]) -> None:
        try:
            edit = decode(record)
        except msgspec.DecodeError:
            self.damaged += 1
            return
        if isinstance(edit, Edge | Note):
            events.append(edit)
            return
        if isinstance(edit, Panic):
            # What came before it is over, too.
            events.clear()
        self._acts[type(edit)](edit)
