"""The composition root: the one place where the parts are put together."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ddsp_pi.config import Config
from ddsp_pi.control.hub import NoteHub
from ddsp_pi.engine.loop import Engine, block_window
from ddsp_pi.errors import ConfigError, InstrumentError, ParamError
from ddsp_pi.frame import ControlFrame
from ddsp_pi.models.bundle import Instrument, load_instrument
from ddsp_pi.models.decoder import Decoder
from ddsp_pi.models.library import open_instrument
from ddsp_pi.models.morph import MorphDecoder
from ddsp_pi.modes.base import Mode
from ddsp_pi.modes.cv import CvMode
from ddsp_pi.params import ParamSet
from ddsp_pi.rack.board import Board
from ddsp_pi.rack.routing import CvRouter

MODES: dict[str, Callable[[Decoder], Mode]] = {"cv": CvMode}


@dataclass(slots=True)
class App:
    """Everything that plays, wired."""

    engine: Engine
    params: ParamSet
    hub: NoteHub
    instrument: Instrument
    """The one that plays, or is about to."""
    other: Instrument | None
    """The one that it morphs to."""

    def play(self, path: Path) -> None:
        """Load and check an instrument file and fade over to it; from any thread but the render loop's.

        Raises:
            InstrumentError: it cannot play, or cannot morph to the other; nothing has changed then.
        """
        instrument = load_instrument(path)
        self.engine.mode.use(_decoder(instrument, self.other))
        self.instrument = instrument


def build(config: Config, board: Board) -> App:
    """Load what the configuration names and connect it to a board.

    Raises:
        ConfigError: an unknown mode or parameter. InstrumentError: the instrument cannot play.
    """
    instrument = open_instrument(config.model)
    other = None if config.morph_to is None else open_instrument(config.morph_to)
    mode = _mode(config.mode)(_decoder(instrument, other))
    _set_params(mode.params, config.params)
    router = CvRouter(config.cv.routes, mode.params, config.cv.zero_volt_note)
    hub = NoteHub()

    def controls(first: int, n: int) -> ControlFrame:
        start_ns, end_ns = block_window(first, n)
        frame = board.read(start_ns, end_ns)
        router.apply(frame, n)
        return hub.join(frame)

    return App(Engine(mode, controls), mode.params, hub, instrument, other)


def _mode(name: str) -> Callable[[Decoder], Mode]:
    if name not in MODES:
        raise ConfigError(f"no mode called {name!r}; there are: {', '.join(MODES)}")
    return MODES[name]


def _decoder(instrument: Instrument, other: Instrument | None) -> Decoder:
    if other is None:
        return instrument.decoder()
    if other.card.n_bands != instrument.card.n_bands:
        raise InstrumentError(
            f"{instrument.card.name} and {other.card.name} cannot morph: "
            f"{instrument.card.n_bands} and {other.card.n_bands} noise bands"
        )
    return MorphDecoder(instrument.decoder(), other.decoder())


def _set_params(params: ParamSet, values: dict[str, float]) -> None:
    try:
        for name, value in values.items():
            params.set(name, value)
    except ParamError as error:
        raise ConfigError(f"params: {error}") from None
