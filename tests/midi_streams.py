"""Live MIDI as players, machines and children send it: for hypothesis, and by the hour from a seed.

    for at_s, message in stream(seed=1, minutes=60.0, per_second=20.0):
        player.take(message)
    for message in ENDINGS["all sound off"](lasting):
        player.take(message)

Nothing in it is in order: keys go down twice, go up without having been down, or never go up.
"""

import random
from collections.abc import Callable, Iterator
from typing import NamedTuple

import mido
from hypothesis import strategies as st

from ddsp_pi.control.midi import Key, MidiActs
from ddsp_pi.frame import Note
from ddsp_pi.params import ParamSet

CHANNELS = (0, 1, 9)
KEYS = range(36, 85)
OPENNESS, POWER, PEDAL, ALL_SOUND_OFF, TO_REST, ALL_NOTES_OFF = 55, 56, 64, 120, 121, 123
KNOBS = (1, 5, 7, 11, 70, 71, 72, 73, 74, 75, 76, 79)

TOGETHER = 0.25
"""Share of the messages that come at the time of the one before, as in a chord."""


class Sent(NamedTuple):
    """A message, and when it comes."""

    at_s: float
    message: mido.Message


def on(note, velocity=100, channel=0):
    return mido.Message("note_on", note=note, velocity=velocity, channel=channel)


def off(note, channel=0):
    return mido.Message("note_off", note=note, channel=channel)


def cc(control, value, channel=0):
    return mido.Message("control_change", control=control, value=value, channel=channel)


def bend(steps, channel=0):
    return mido.Message("pitchwheel", pitch=steps, channel=channel)


def program(number, channel=0):
    return mido.Message("program_change", program=number, channel=channel)


RESET = mido.Message("reset")


class Hands:
    """A seed that plays: it remembers which keys are down, so that most of them go up again."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self._down: list[Key] = []

    def channel(self) -> int:
        return self.chance.choice(CHANNELS)

    def value(self) -> int:
        """Often one of the ends, as of a switch."""
        return self.chance.choice((0, 127, self.chance.randrange(128)))

    def press(self) -> mido.Message:
        self._down.append((self.channel(), self.chance.choice(KEYS)))
        return on(self._down[-1][1], self.chance.randint(1, 127), self._down[-1][0])

    def lift(self) -> mido.Message:
        """A key that is down, or any."""
        if not self._down:
            return off(self.chance.choice(KEYS), self.channel())
        channel, note = self._down.pop(self.chance.randrange(len(self._down)))
        return off(note, channel) if self.chance.random() < 0.5 else on(note, 0, channel)


PLAYS: dict[Callable[[Hands], mido.Message], float] = {
    Hands.press: 30.0,
    Hands.lift: 30.0,
    lambda its: on(its.chance.choice(KEYS), its.value(), its.channel()): 3.0,
    lambda its: off(its.chance.choice(KEYS), its.channel()): 2.0,
    lambda its: cc(PEDAL, its.chance.choice((0, 0, 63, 64, 127)), its.channel()): 4.0,
    lambda its: bend(its.chance.randint(-8192, 8191), its.channel()): 8.0,
    lambda its: cc(OPENNESS, its.value(), its.channel()): 6.0,
    lambda its: cc(POWER, its.value(), its.channel()): 4.0,
    lambda its: cc(its.chance.choice(KNOBS), its.value(), its.channel()): 6.0,
    lambda its: cc(ALL_NOTES_OFF, 0, its.channel()): 0.4,
    lambda its: cc(ALL_SOUND_OFF, 0, its.channel()): 0.1,
    lambda its: cc(TO_REST, 0, its.channel()): 0.3,
    lambda its: program(its.value(), its.channel()): 0.3,
    lambda its: RESET: 0.05,
}
"""What hands do, and how often beside the rest."""


def stream(seed: int, minutes: float, per_second: float) -> Iterator[Sent]:
    """So many messages per second on average, always the same ones for a seed."""
    hands, at_s = Hands(seed), 0.0
    while True:
        if hands.chance.random() >= TOGETHER:
            at_s += hands.chance.expovariate(per_second * (1.0 - TOGETHER))
        if at_s >= 60.0 * minutes:
            return
        (make,) = hands.chance.choices([*PLAYS], [*PLAYS.values()])
        yield Sent(at_s, make(hands))


channels = st.sampled_from(CHANNELS)
values = st.sampled_from((0, 1, 63, 64, 127))
few_keys = st.integers(58, 62)
"""So few that they meet."""

messages = st.one_of(
    st.builds(on, few_keys, values, channels),
    st.builds(off, few_keys, channels),
    st.builds(cc, st.sampled_from((OPENNESS, POWER, PEDAL, TO_REST, ALL_NOTES_OFF)), values, channels),
    st.builds(cc, st.integers(0, 127), values, channels),
    st.builds(bend, st.integers(-8192, 8191), channels),
    st.builds(program, st.integers(0, 127), channels),
    st.just(RESET),
)

waits = st.sampled_from((0.0, 0.0, 0.001, 0.01, 0.1, 1.0))


@st.composite
def streams(draw, most=60):
    """A list of Sent."""
    at_s, sent = 0.0, []
    for wait, message in draw(st.lists(st.tuples(waits, messages), max_size=most)):
        at_s += wait
        sent.append(Sent(at_s, message))
    return sent


def keys_up(down: frozenset[Key]) -> list[mido.Message]:
    """The pedals first, and then each key by its own."""
    return [*pedals_up(), *(off(note, channel) for channel, note in sorted(down))]


def pedals_up() -> list[mido.Message]:
    return [cc(PEDAL, 0, channel) for channel in range(16)]


ENDINGS: dict[str, Callable[[frozenset[Key]], list[mido.Message]]] = {
    "keys up": keys_up,
    "keys up under the pedals": lambda down: [*reversed(keys_up(down))],
    "all notes off": lambda _: [*pedals_up(), *(cc(ALL_NOTES_OFF, 0, channel) for channel in range(16))],
    "all sound off": lambda _: [cc(ALL_SOUND_OFF, 0, channel) for channel in range(16)],
    "system reset": lambda _: [RESET],
}
"""How a stream may end so that nothing sounds: messages, for the keys that `Lasting` has down."""


class Lasting:
    """What the messages themselves say is down, worked out without a player."""

    def __init__(self) -> None:
        self.down = frozenset[Key]()

    def take(self, message: mido.Message) -> None:
        if message.type in ("note_on", "note_off"):
            key = frozenset([(message.channel, message.note)])
            begins = message.type == "note_on" and message.velocity
            self.down = self.down | key if begins else self.down - key


class Ear:
    """What a player does, as who is played would hear it: a note is one, whoever holds it."""

    def __init__(self, params: ParamSet) -> None:
        self.params = params
        self.sounding = set[float]()
        self.notes: list[Note] = []
        self.at_ns = 0
        """The time of what is heard next."""
        self.panics = 0

    def acts(self) -> MidiActs:
        return MidiActs(
            play=self._play,
            set=self.params.set,
            value=lambda name: self.params.values[name],
            select=lambda number: None,
            panic=self._panic,
            say=lambda text: None,
        )

    def _play(self, note: float, velocity: float) -> None:
        (self.sounding.add if velocity else self.sounding.discard)(note)
        self.notes.append(Note(note, velocity, self.at_ns))

    def _panic(self) -> None:
        self.panics += 1
