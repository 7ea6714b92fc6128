"""Begins as it was when it was switched off: what is taken from the last state, and when the next is kept."""

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ddsp_pi.control.preset_entries import short
from ddsp_pi.control.state_file import Began, State, write_state
from ddsp_pi.params import Param

SAVE_S = 5.0
"""What was turned is kept so much later, with all that was turned until then."""

SLOWEST_S = 60.0
"""While something turns without an end, or nothing can be written, it is tried less and less often."""


@dataclass(frozen=True, slots=True)
class Recalled:
    """What to begin with over the settings."""

    instrument: str = ""
    """By name; empty: the one of the settings."""
    preset: str = ""
    """The one that was loaded last."""
    params: Mapping[str, float] = field(default_factory=dict)
    midi: Mapping[str, int] = field(default_factory=dict)
    drum: str = ""
    """That was played, by name; empty: none that was saved."""
    left_out: tuple[str, ...] = ()
    """In words, what could not be used as it was."""


def recalled(state: State, now: Began, specs: Sequence[Param], instruments: Collection[str]) -> Recalled:
    """What of a state still counts.

    A line of the settings that says something else than when the state began counts more. What the mode
    does not know is left out; values out of range are held at the ends.

    Args:
        state: as it was read.
        now: what the settings say now.
        specs: the parameters of their mode.
        instruments: names of those that can be played.
    """
    left_out: list[str] = []
    instrument = _instrument(state, now, instruments, left_out)
    as_played = state.began.mode == now.mode and state.began.model == now.model
    params = dict(_params(state, now, specs, left_out)) if state.began.mode == now.mode else {}
    return Recalled(
        instrument, state.preset if as_played else "", params, state.midi, state.drum, tuple(left_out)
    )


def _instrument(state: State, now: Began, instruments: Collection[str], left_out: list[str]) -> str:
    if state.began.model != now.model or state.instrument == now.model:
        return ""
    if state.instrument in instruments:
        return state.instrument
    left_out.append(f"no instrument called {short(state.instrument)} is there; {now.model} plays")
    return ""


def _params(
    state: State, now: Began, specs: Sequence[Param], left_out: list[str]
) -> Iterator[tuple[str, float]]:
    known = {spec.name: spec for spec in specs}
    for name, value in state.params.items():
        if name not in known:
            left_out.append(f"nobody knows a parameter called {short(name)}")
        elif value != value:
            left_out.append(f"{name} is no number")
        elif state.began.params.get(name) == now.params.get(name):
            held = known[name].clip(value)
            if held != value:
                left_out.append(f"{name}: {value:g} is held at {held:g} {known[name].unit}".rstrip())
            yield name, held


def rounded(values: Mapping[str, float]) -> dict[str, float]:
    """Values to seven digits, so that a 0.1 that came in single precision is 0.1."""
    return {name: float(f"{value:.7g}") for name, value in values.items()}


def changed(values: Mapping[str, float], began: Began, specs: Sequence[Param]) -> dict[str, float]:
    """Those values that are not what the settings begin with."""
    start = rounded({spec.name: began.params.get(spec.name, spec.default) for spec in specs})
    return {name: value for name, value in rounded(values).items() if value != start.get(name)}


class Memory:
    """Keeps what plays: some seconds after it has changed, at the end, and otherwise never.

    `look` is called by the control loop; writing, which may take long, is an errand.
    """

    def __init__(
        self,
        path: Path,
        kept: State | None,
        playing: Callable[[], State],
        later: Callable[[Callable[[], object]], None],
        say: Callable[[str], object],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`kept`: what the file says now; None: nothing, and what plays now is nothing to be kept."""
        self._path, self._playing, self._later, self._say, self._clock = path, playing, later, say, clock
        self._kept = playing() if kept is None else kept
        self._due_s: float | None = None
        self._wait_s, self._calm_s = SAVE_S, 0.0
        self._trouble = ""

    def look(self) -> None:
        """See whether something has changed, and have it kept when it is time."""
        now_s = self._clock()
        if self._playing() == self._kept:
            self._due_s = None
            if now_s >= self._calm_s:
                self._wait_s = SAVE_S
        elif self._due_s is None:
            self._due_s = now_s + self._wait_s
        elif now_s >= self._due_s:
            self._due_s = None
            self._later(self.save)

    def save(self) -> None:
        """Keep what plays now, if it is not kept already; whatever prevents that is said once."""
        state = self._playing()
        if state == self._kept:
            return
        self._wait_s = min(self._wait_s * 2.0, SLOWEST_S)
        self._calm_s = self._clock() + SAVE_S
        try:
            write_state(self._path, state)
        except OSError as error:
            self._complain(str(error))
            return
        if self._trouble:
            self._say("what plays is remembered again")
        self._kept, self._trouble = state, ""

    def _complain(self, why: str) -> None:
        if why != self._trouble:
            self._trouble = why
            self._say(f"what plays cannot be remembered: {why}. It plays on")
