"""MIDI messages as notes, parameters and instruments. No port is opened here: see midi_ports, midi_file."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ddsp_pi.control.midi_map import MidiMap
from ddsp_pi.params import Param, ParamSet
from ddsp_pi.sections import Midi

TOP = 127
"""The highest velocity and controller value: 1, as the velocity of an OSC note goes to 1."""

BEND_DOWN, BEND_UP = 8192, 8191
"""Steps of the pitch wheel to either side; both ends bend by the whole range."""

EXPRESSION_DB = 40.0
"""Decibels per tenfold of expression (controller 11), as General MIDI recommends."""

PEDAL_DOWN = 64
"""A switch is down from this value on."""

SENSITIVITY = (0, 0)
"""Registered parameter number of the range of the pitch wheel."""

Key = tuple[int, int]
"""Channel from 0 on, and note."""


@dataclass(frozen=True, slots=True)
class MidiActs:
    """What MIDI can do here."""

    play: Callable[[float, float], object]
    """A note and its velocity 0..1; 0 ends it."""
    set: Callable[[str, float], object]
    """A parameter, in its unit."""
    value: Callable[[str], float]
    """What a parameter was last set to, by anyone, at once: also what waits to be sent."""
    select: Callable[[int], object]
    """The instrument of a program number, from 0 on."""
    panic: Callable[[], object]
    """Silence, whoever plays."""
    say: Callable[[str], object]
    """A line for the log."""


class Lean:
    """Adds to a parameter for as long as a wheel or pedal is away from its rest.

    Where the parameter stands otherwise is whatever anyone else has set it to last.
    """

    def __init__(self, spec: Param, acts: MidiActs) -> None:
        self._spec, self._acts = spec, acts
        self._more = 0.0
        self._base = self._made = math.nan

    def lean(self, more: float) -> None:
        """Add so much instead of what was added before."""
        if more == self._more:
            return
        value = self._acts.value(self._spec.name)
        if value != self._made:
            self._base = value
        self._more = more
        self.turn(self._base)

    def turn(self, base: float) -> None:
        """The parameter is turned; what is added stays."""
        self._base = base
        self._made = self._spec.clip(base + self._more)
        self._acts.set(self._spec.name, self._made)


class Rpn:
    """Which registered parameter the data entry of a channel is for."""

    def __init__(self) -> None:
        self._high = self._low = TOP

    def choose(self, control: int, value: int) -> None:
        """Controller 101 or 100; any other means another table of parameters."""
        if control == 101:
            self._high = value
        elif control == 100:
            self._low = value
        else:
            self._high = self._low = TOP

    @property
    def is_sensitivity(self) -> bool:
        """Whether the range of the pitch wheel is meant."""
        return (self._high, self._low) == SENSITIVITY


class MidiPlayer:
    """Follows what comes on the MIDI channels and acts on it. Used by one thread.

    A note is the same as one over OSC: its number, and its velocity / 127. A controller is a knob: its
    value / 127 is the position on the way from the low to the high end of a parameter.
    """

    def __init__(self, acts: MidiActs, settings: Midi, params: ParamSet) -> None:
        """`params`: those of the mode that plays; only their specs are read."""
        self.map = MidiMap(settings.controllers, params)
        self._acts, self._settings = acts, settings
        self._down: set[Key] = set()
        self._kept: set[Key] = set()
        self._pedals: set[int] = set()
        self._rpns: dict[int, Rpn] = {}
        self._ranges: dict[int, float] = {}
        self._leans = {name: Lean(params.spec(name), acts) for name in ("tune", "loudness") if name in params}
        self._takes: dict[str, Callable[[Any], None]] = {
            "note_on": self._note_on,
            "note_off": lambda message: self._note_off((message.channel, message.note)),
            "control_change": self._control,
            "pitchwheel": self._wheel,
            "program_change": self._program,
            "reset": lambda message: self._silence(),
        }
        self._controls: dict[int, Callable[[int, int], None]] = {
            6: self._data_entry,
            11: lambda channel, value: self._express(value),
            64: self._pedal,
            **dict.fromkeys((98, 99), lambda channel, value: self._rpn(channel).choose(99, value)),
            100: lambda channel, value: self._rpn(channel).choose(100, value),
            101: lambda channel, value: self._rpn(channel).choose(101, value),
            120: lambda channel, value: self._silence(),
            121: lambda channel, value: self._to_rest(channel),
            # A change of the channel's mode (124 to 127) ends its notes too.
            **dict.fromkeys(range(123, 128), lambda channel, value: self._all_off(channel)),
        }

    @property
    def sounding(self) -> frozenset[int]:
        """Notes that keys or pedals hold."""
        return frozenset(note for _, note in self._down | self._kept)

    def take(self, message: Any) -> None:
        """Act on a message of mido; what nobody needs is passed over."""
        take = self._takes.get(message.type)
        channel = getattr(message, "channel", None)
        if take is not None and (channel is None or self._settings.channel in (0, channel + 1)):
            take(message)

    def let_go(self) -> None:
        """All keys and pedals up, wheels at rest: who played is gone."""
        for channel in sorted({*self._pedals, *(channel for channel, _ in self._down | self._kept)}):
            self._pedal(channel, 0)
            self._all_off(channel)
        for lean in self._leans.values():
            lean.lean(0.0)

    def _note_on(self, message: Any) -> None:
        key = (message.channel, message.note)
        if message.velocity == 0:
            self._note_off(key)
            return
        self._kept.discard(key)
        self._down.add(key)
        self._acts.play(float(message.note), message.velocity / TOP)

    def _note_off(self, key: Key) -> None:
        if key not in self._down:
            return
        self._down.remove(key)
        if key[0] in self._pedals:
            self._kept.add(key)
        else:
            self._end(key[1])

    def _end(self, note: int) -> None:
        """End a note, unless another channel holds it too."""
        if note not in self.sounding:
            self._acts.play(float(note), 0.0)

    def _control(self, message: Any) -> None:
        control, value = message.control, message.value
        learned = self.map.take(control, value)
        if learned is not None:
            self._acts.say(f"MIDI: controller {control} turns {learned} now")
        specs = self.map.turned(control)
        for spec in specs:
            self._turn(spec, value)
        if not specs and control in self._controls:
            self._controls[control](message.channel, value)

    def _turn(self, spec: Param, value: int) -> None:
        wanted = spec.from_norm(value / TOP)
        lean = self._leans.get(spec.name)
        if lean is None:
            self._acts.set(spec.name, wanted)
        else:
            lean.turn(wanted)

    def _wheel(self, message: Any) -> None:
        share = message.pitch / (BEND_DOWN if message.pitch < 0 else BEND_UP)
        self._lean("tune", share * self._ranges.get(message.channel, self._settings.bend_range))

    def _express(self, value: int) -> None:
        self._lean("loudness", EXPRESSION_DB * math.log10(max(value, 1) / TOP))

    def _lean(self, name: str, more: float) -> None:
        if name in self._leans:
            self._leans[name].lean(more)

    def _pedal(self, channel: int, value: int) -> None:
        if value >= PEDAL_DOWN:
            self._pedals.add(channel)
            return
        self._pedals.discard(channel)
        ended = sorted(key for key in self._kept if key[0] == channel)
        self._kept.difference_update(ended)
        for _, note in ended:
            self._end(note)

    def _all_off(self, channel: int) -> None:
        """Keys go up; a pedal holds what it holds."""
        for key in sorted(key for key in self._down if key[0] == channel):
            self._note_off(key)

    def _silence(self) -> None:
        # Each note for itself too: one that still waits to be sent would come after the panic.
        self.let_go()
        self._acts.panic()

    def _to_rest(self, channel: int) -> None:
        """Reset all controllers: what the standard names, and no knob."""
        self._pedal(channel, 0)
        self._rpns.pop(channel, None)
        for lean in self._leans.values():
            lean.lean(0.0)
        for spec in self.map.turned(1):
            self._turn(spec, 0)

    def _rpn(self, channel: int) -> Rpn:
        return self._rpns.setdefault(channel, Rpn())

    def _data_entry(self, channel: int, value: int) -> None:
        if self._rpn(channel).is_sensitivity:
            self._ranges[channel] = float(value)

    def _program(self, message: Any) -> None:
        if self._settings.programs:
            self._acts.select(message.program)
