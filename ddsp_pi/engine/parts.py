"""The mode that plays and, for the length of a fade, the one that leaves."""

from collections.abc import Callable
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from ddsp_pi.dsp.crossfade import CrossFade
from ddsp_pi.frame import HOP, ControlFrame, Edge, Event, Note
from ddsp_pi.modes.base import Mode

FADE_SAMPLES = 19 * HOP
"""51 ms from one mode to the next."""

MOST_HELD = 128
"""Keys and gates that are remembered for a part to come; the oldest give way."""

Volts = tuple[float, ...]
Array = NDArray[np.float32]


class Part(NamedTuple):
    """A mode and what drives its parameters with the volts of a hop."""

    mode: Mode
    drive: Callable[[Volts], None]


class Parts:
    """Plays a part, and fades over to another one at a hop.

    `change` may be called from any thread but not from two at once; the part it is given must be
    ready to play. Both hear the cables and the keys while the fade lasts, and what is held already
    is pressed for the part that arrives: a drone goes on.
    """

    def __init__(self, part: Part) -> None:
        self.playing = self._wanted = part
        self._leaving: Part | None = None
        self._fade = CrossFade(FADE_SAMPLES, law="power")
        self._block = np.empty(HOP, np.float32)
        self._alive = [part]
        self._held: dict[tuple[type, float], Event] = {}
        self._says_held = False
        self._limits: tuple[int | None, int | None] = (None, None)

    @property
    def mode(self) -> Mode:
        """The mode that plays, or is fading in."""
        return self.playing.mode

    @property
    def coming(self) -> Mode:
        """The mode that was asked for last: the one that plays, or will."""
        return self._wanted.mode

    def change(self, part: Part) -> None:
        """Play another part from the next hop on."""
        # What faded out is let go here, not in the render loop.
        self._alive = [p for p in self._alive if p in (self.playing, self._leaving, self._wanted)]
        self._alive.append(part)
        self._wanted = part

    def begin_hop(self, volts: Volts) -> None:
        """Take the volts of the next hop, and another part if one waits."""
        if self._wanted is not self.playing and self._leaving is None:
            self._leaving, self.playing = self.playing, self._wanted
            self._fade.reset()
            self.playing.mode.shed(*self._limits)
            self._says_held = True
        self.playing.drive(volts)
        if self._leaving is not None:
            self._leaving.drive(volts)

    def render(self, frame: ControlFrame, audio_in: Array, out: Array) -> None:
        """See Mode."""
        self.playing.mode.render(self._heard(frame), audio_in, out)
        if self._leaving is not None:
            block = self._block[: len(out)]
            self._leaving.mode.render(frame, audio_in, block)
            self._fade.process(block, out, out)
            if self._fade.done:
                self._leaving = None

    def reset(self) -> None:
        """Nothing is remembered, no fade; what is held begins again."""
        self.playing.mode.reset()
        self._leaving = None
        self._says_held = True

    def release(self) -> None:
        """See Mode."""
        self._held.clear()
        self.playing.mode.release()
        if self._leaving is not None:
            self._leaving.mode.release()

    def shed(self, partials: int | None, voices: int | None) -> None:
        """See Mode."""
        self._limits = partials, voices
        self.playing.mode.shed(partials, voices)
        if self._leaving is not None:
            self._leaving.mode.shed(partials, voices)

    def _heard(self, frame: ControlFrame) -> ControlFrame:
        """What the part that plays hears: after a change or a reset first all that is held."""
        if not (frame.events or self._says_held):
            return frame
        held = tuple(map(_standing, self._held.values())) if self._says_held else ()
        self._says_held = False
        for event in frame.events:
            self._remember(event)
        return ControlFrame(frame.position, held + frame.events) if held else frame

    def _remember(self, event: Event) -> None:
        what, high = _held(event)
        self._held.pop(what, None)
        if high:
            self._held[what] = event
            if len(self._held) > MOST_HELD:
                del self._held[next(iter(self._held))]


def _standing(event: Event) -> Event:
    return msgspec.structs.replace(event, standing=True)


def _held(event: Event) -> tuple[tuple[type, float], bool]:
    """Which key or gate an event is about, and whether it goes down or opens."""
    if isinstance(event, Note):
        return (Note, event.note), event.velocity > 0.0
    return (Edge, float(event.gate)), event.high
