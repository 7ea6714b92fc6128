"""The composition root: the one place where the parts are put together."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ddsp_pi.config import Config
from ddsp_pi.dsp.output import make_output
from ddsp_pi.engine.clock import DelayLocked
from ddsp_pi.engine.loop import Controls, Engine
from ddsp_pi.engine.overload import Overload
from ddsp_pi.engine.parts import Part
from ddsp_pi.errors import ConfigError, InstrumentError, ParamError
from ddsp_pi.models.bundle import Instrument, load_instrument
from ddsp_pi.models.decoder import Decoder
from ddsp_pi.models.library import open_instrument
from ddsp_pi.models.morph import MorphDecoder
from ddsp_pi.modes.base import Mode
from ddsp_pi.modes.cv import PARAMS as CV_PARAMS
from ddsp_pi.modes.cv import CvMode
from ddsp_pi.params import Param, ParamSet
from ddsp_pi.rack.routing import CvRouter

MODES: dict[str, Callable[[Decoder], Mode]] = {"cv": CvMode}

MODE_PARAMS: dict[str, tuple[Param, ...]] = {"cv": CV_PARAMS}
"""Their tables, for who sets parameters without playing them."""


@dataclass(slots=True)
class App:
    """Everything that plays, wired."""

    config: Config
    engine: Engine
    instrument: Instrument
    """The one that plays, or is about to."""
    other: Instrument | None
    """The one that it morphs to."""

    @property
    def params(self) -> ParamSet:
        """The parameters of the mode that plays."""
        return self.engine.parts.mode.params

    def set_param(self, name: str, value: float) -> None:
        """Turn a parameter of the mode that plays; one that it does not have is left alone."""
        if name in self.params:
            self.params.set(name, value)

    def play(self, path: Path) -> None:
        """Load and check an instrument file and fade over to it; from any thread but the render loop's.

        Raises:
            InstrumentError: it cannot play, or cannot morph to the other; nothing has changed then.
        """
        instrument = load_instrument(path)
        self.engine.parts.mode.use(decoder_of(instrument, self.other, self.config.voices))
        self.instrument = instrument

    def change_mode(self, name: str) -> None:
        """Fade over to another mode with parameters as configured; from any thread but the render loop's.

        Raises:
            ConfigError: there is no such mode.
        """
        self.engine.parts.change(part_of(self.config, name, self.instrument, self.other))


def build(config: Config, controls: Controls) -> App:
    """Load what the configuration names and connect it to a board, to render files.

    Raises:
        ConfigError: an unknown mode or parameter. InstrumentError: the instrument cannot play.
    """
    instrument, other = _instruments(config)
    engine = Engine(part_of(config, config.mode, instrument, other), controls)
    return App(config, engine, instrument, other)


def build_live(config: Config, controls: Controls) -> App:
    """The same for playing live: on the audio clock, with fades, and doing less when there is no time.

    Raises:
        ConfigError: an unknown mode or parameter. InstrumentError: the instrument cannot play.
    """
    instrument, other = _instruments(config)
    part, clock = part_of(config, config.mode, instrument, other), DelayLocked(config.audio.period)
    engine = Engine(part, controls, clock, make_output(fade_in=True), Overload())
    return App(config, engine, instrument, other)


def _instruments(config: Config) -> tuple[Instrument, Instrument | None]:
    other = None if config.morph_to is None else open_instrument(config.morph_to)
    return open_instrument(config.model), other


def part_of(config: Config, mode_name: str, instrument: Instrument, other: Instrument | None) -> Part:
    """A mode as configured, with its cables.

    Raises:
        ConfigError: an unknown mode or parameter. InstrumentError: the two cannot morph.
    """
    if mode_name not in MODES:
        raise ConfigError(f"no mode called {mode_name!r}; there are: {', '.join(MODES)}")
    mode = MODES[mode_name](decoder_of(instrument, other, config.voices))
    _set_params(mode.params, config.params)
    return Part(mode, CvRouter(config.cv.routes, mode.params, config.cv.zero_volt_note).apply)


def decoder_of(instrument: Instrument, other: Instrument | None, voices: int) -> Decoder:
    """A decoder of one instrument, or of the way from it to another.

    Raises:
        InstrumentError: the two cannot morph.
    """
    if other is None:
        return instrument.decoder(voices)
    if other.card.n_bands != instrument.card.n_bands:
        raise InstrumentError(
            f"{instrument.card.name} and {other.card.name} cannot morph: "
            f"{instrument.card.n_bands} and {other.card.n_bands} noise bands"
        )
    return MorphDecoder(instrument.decoder(voices), other.decoder(voices))


def _set_params(params: ParamSet, values: dict[str, float]) -> None:
    try:
        for name, value in values.items():
            params.set(name, value)
    except ParamError as error:
        raise ConfigError(f"params: {error}") from None
