"""The render loop: one path for files and for the rack."""

import time
from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ddsp_pi.dsp.output import OutputStage, make_output
from ddsp_pi.engine.clock import Clock, SampleCount
from ddsp_pi.engine.overload import STEPS, Overload
from ddsp_pi.engine.parts import Part, Parts, Volts
from ddsp_pi.engine.telemetry import Telemetry
from ddsp_pi.frame import HOP, SAMPLE_RATE, ControlFrame, Event

Array = NDArray[np.float32]


class Controls(Protocol):
    """What the rack and the players say, on one clock that only goes forward."""

    def volts(self, at_ns: int) -> Volts:
        """CV jacks as last known before `at_ns`, NaN where nothing is patched."""

    def events(self, until_ns: int) -> Sequence[Event]:
        """What has not been said yet, at least all that happened before `until_ns`."""


class Engine:
    """Parts and output stage, fed with volts and events.

    A block of any size is rendered in pieces that end at hop boundaries and where something
    happens. Volts are taken once per hop and events fall on their sample, so blocks of any size
    sound the same.
    """

    def __init__(
        self,
        part: Part,
        controls: Controls,
        clock: Clock | None = None,
        output: OutputStage | None = None,
        overload: Overload | None = None,
    ) -> None:
        """Files need neither clock nor fades nor an overload, so these are only for live playing."""
        self.parts = Parts(part)
        self.telemetry = Telemetry()
        self._controls = controls
        self._clock = clock or SampleCount()
        self._output = output or make_output(fade_in=False)
        self._overload = overload
        self._waiting: list[tuple[int, Event]] = []
        self._position = 0
        self._end = self._end_ns = 0
        self._silence = np.zeros(HOP, np.float32)

    def render(self, out: Array, audio_in: Array | None = None) -> None:
        """Write the next len(out) mono samples; audio_in (len(out),) is what the module hears."""
        begun, total = time.perf_counter(), len(out)
        heard = self._unheard(total) if audio_in is None else audio_in
        self._clock.block(total)
        self._gather(self._position + total)
        done = 0
        while done < total:
            n = min(total - done, HOP - self._position % HOP)
            if self._waiting:
                n = self._until_event(n)
            # A slice costs a thousand instructions, and most blocks are one piece.
            if n == total:
                self._render_piece(n, heard, out)
            else:
                self._render_piece(n, heard[done : done + n], out[done : done + n])
            done += n
        self._finish(out)
        load = (time.perf_counter() - begun) * SAMPLE_RATE / total
        self.telemetry.count(load, self._output.peak)
        if self._overload is not None and self._overload.judge(load, total):
            self._shed(self._overload.level)

    def release(self) -> None:
        """Every gate closes and every key goes up, also those that are known to come."""
        self._waiting.clear()
        self.parts.release()

    def stop(self) -> None:
        """Fade out; the sound is over when `silent` says so."""
        self._output.fade_out()

    @property
    def silent(self) -> bool:
        """Whether the sound has faded out."""
        return self._output.faded_out

    def _shed(self, level: int) -> None:
        self.telemetry.shed = level
        self.telemetry.most_shed = max(self.telemetry.most_shed, level)
        self.parts.shed(*STEPS[level])

    def _unheard(self, n: int) -> Array:
        """(n,) zeros."""
        if len(self._silence) != n:
            self._silence = np.zeros(n, np.float32)
        return self._silence

    def _gather(self, end: int) -> None:
        """Fetch what happens before a sample, and whatever else is known already."""
        self._end, self._end_ns = end, self._clock.time_ns(end)
        events = self._controls.events(self._end_ns)
        if events:
            more = [(self._clock.sample(event.at_ns), event) for event in events]
            self._waiting = sorted(self._waiting + more, key=lambda waiting: waiting[0])

    def _until_event(self, n: int) -> int:
        """Samples to the next event after this sample, n at most."""
        for sample, _ in self._waiting:
            if sample > self._position:
                return min(sample - self._position, n)
        return n

    def _due(self) -> tuple[Event, ...]:
        """Take out the events of this sample, and those that came too late for theirs."""
        if not self._waiting or self._waiting[0][0] > self._position:
            return ()
        due = tuple(event for sample, event in self._waiting if sample <= self._position)
        del self._waiting[: len(due)]
        return due

    def _render_piece(self, n: int, audio_in: Array, out: Array) -> None:
        place = self._position % HOP
        if place == 0:
            after = self._position + HOP
            # Most hops end with their block, and that time is known.
            at_ns = self._end_ns if after == self._end else self._clock.time_ns(after)
            self.parts.begin_hop(self._controls.volts(at_ns))
        self.parts.render(ControlFrame(place, self._due()), audio_in, out)
        self.telemetry.count_outside(self.parts.mode.outside, n)
        self._position += n

    def _finish(self, out: Array) -> None:
        if not self._output.process(out):
            # What is not finite has got into somebody's state and would stay there.
            self.telemetry.rejected_samples = self._output.rejected
            self.parts.reset()
