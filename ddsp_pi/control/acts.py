"""What messages can do and ask, put in by whoever knows the parts that do it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Panel:
    """What the board that plays has."""

    cvs: int
    gate_outs: Sequence[int] = ()
    """Outputs that messages set, from 1 on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hands:
    """On a simulated board; jacks, gates and buttons count from 1."""

    patch: Callable[[int, float], object]
    release: Callable[[int], object]
    gate: Callable[[int, bool], object]
    button: Callable[[int, bool], object]
    cvs: int
    gates: int
    buttons: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Acts:
    """What messages can do besides parameters and notes; called by the thread that takes OSC in.

    Whatever is None is not listed. A ValueError, with what is wanted, refuses a message.
    """

    model: Callable[[str], object] | None = None
    mode: Callable[[str], object] | None = None
    panic: Callable[[], object] | None = None
    override: Callable[[int, float], object] | None = None
    """Hold a CV jack at so many volts, whatever its cable says."""
    release: Callable[[int], object] | None = None
    """The cable of a CV jack counts again."""
    led: Callable[[bool], object] | None = None
    gate_out: Callable[[int, bool], object] | None = None
    load_preset: Callable[[str], object] | None = None
    save_preset: Callable[[str], object] | None = None
    load_drum: Callable[[str], object] | None = None
    """Play a drum of which was kept what was learned."""
    save_drum: Callable[[str], object] | None = None
    morph_to: Callable[[str], object] | None = None
    """Choose the preset that a morph goes to."""
    morph: Callable[[float], object] | None = None
    """Go to a place between the two, 0..1."""
    learn: Callable[[str], object] | None = None
    """Give the next MIDI controller that is moved to a parameter."""
    reload: Callable[[], str] | None = None
    """Read the settings anew; says from which file."""
    hands: Hands | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asks:
    """What can be asked besides parameters and reports; whatever is None is not listed.

    An empty text and a None are what is not known yet.
    """

    mode: Callable[[], str] | None = None
    modes: Callable[[], Sequence[str]] | None = None
    """The modes there are."""
    models: Callable[[], Sequence[str]] | None = None
    """The instruments there are."""
    preset: Callable[[], str] | None = None
    presets: Callable[[], Sequence[str]] | None = None
    drum: Callable[[], str] | None = None
    """The one that is played, if it was saved."""
    drums: Callable[[], Sequence[str]] | None = None
    f0_hz: Callable[[], float | None] | None = None
    levels: Callable[[], tuple[float, float] | None] | None = None
    """Of left and right, 1 = full scale."""
    input: Callable[[], tuple[float, int, float] | None] | None = None
    """Level behind the gain, 1 if it was cut off lately, and offset; 1 = full scale."""
