"""The composition root: the one place where the parts are put together."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import msgspec

from ddsp_pi.config import Config
from ddsp_pi.control.midi_map import joined
from ddsp_pi.dsp.output import make_output
from ddsp_pi.dsp.yardstick import Measures
from ddsp_pi.engine.clock import DelayLocked
from ddsp_pi.engine.loop import Controls, Engine
from ddsp_pi.engine.overload import Overload
from ddsp_pi.engine.parts import Part
from ddsp_pi.errors import ConfigError, InstrumentError, ParamError
from ddsp_pi.models import drum_library
from ddsp_pi.models import library as instruments
from ddsp_pi.models.bundle import Instrument
from ddsp_pi.models.card import Card
from ddsp_pi.models.decoder import Decoder
from ddsp_pi.models.morph import MorphDecoder
from ddsp_pi.models.warm import WarmLibrary
from ddsp_pi.modes.base import Mode
from ddsp_pi.modes.chosen import Model, check_playable, find, open_file, start_params
from ddsp_pi.modes.drum_mapping import MapperDecoder
from ddsp_pi.modes.drums import DrumsMode
from ddsp_pi.modes.tables import ALONE as ALONE
from ddsp_pi.modes.tables import LISTENING as LISTENING
from ddsp_pi.modes.tables import MODE_PARAMS as MODE_PARAMS
from ddsp_pi.modes.tables import MODES as MODES
from ddsp_pi.modes.tables import SUNG as SUNG
from ddsp_pi.modes.tables import check_unmorphed, decoder_voices, fits, usual_controllers
from ddsp_pi.params import ParamSet
from ddsp_pi.rack.played import Playable, Played
from ddsp_pi.rack.routing import CvRouter
from ddsp_pi.sections import Midi

OF_A_PART = ("mode", "voices", "cv")
"""Settings that a part is made with."""


@dataclass(slots=True)
class App:
    """Everything that plays, wired."""

    config: Config
    engine: Engine
    library: WarmLibrary
    instrument: Model
    """What plays, or is about to: an instrument, or the mapper of a drum."""
    other: Model | None
    """The one that it morphs to."""

    @property
    def card(self) -> Card | None:
        """Of the instrument; None: a drum plays."""
        return self.instrument.card if isinstance(self.instrument, Instrument) else None

    @property
    def params(self) -> ParamSet:
        """The parameters of the mode that plays."""
        return self.engine.parts.mode.params

    def set_param(self, name: str, value: float) -> None:
        """Turn a parameter of the mode that plays; one that it does not have is left alone."""
        parts = self.engine.parts
        for params in (parts.mode.params, parts.coming.params):
            if name in params:
                params.set(name, value)

    def measure_by(self, measures: Measures) -> None:
        """Know the drum that is played, from what was learned of it once; other modes have no ear for that.

        Raises:
            ConfigError: they are no measures; nothing has changed then.
        """
        for mode in {self.engine.parts.mode, self.engine.parts.coming}:
            if isinstance(mode, DrumsMode):
                mode.measure_by(measures)

    def play(self, path: Path) -> None:
        """Fade over to the instrument in a file; from any thread but the render loop's.

        Raises:
            InstrumentError: it cannot play, or cannot morph to the other; nothing has changed then.
        """
        self._use(_open(self.config.mode, self.library, path), self.other)

    def change_mode(self, name: str) -> None:
        """Fade over to another mode with parameters as configured; from any thread but the render loop's.

        Raises:
            ConfigError: there is no such mode. InstrumentError: it does not play the instrument.
        """
        self.engine.parts.change(part_of(self.config, name, self.library, self.instrument, self.other))
        self.config = msgspec.structs.replace(self.config, mode=name)

    def configure(self, config: Config) -> None:
        """Fade over to other settings; from any thread but the render loop's.

        That is: mode, instruments, voices and cables. An instrument stays unless its setting is
        another now, and parameters stay as they are: whoever sets them knows what of them is new.

        Raises:
            ConfigError: an unknown mode or parameter. InstrumentError: an instrument cannot play, or
                the two cannot morph. Nothing has changed then.
        """
        old, library = self.config, self.library
        # What a drum is played with may be no instrument, even if it is called like one.
        alike = (config.mode in ALONE) == (old.mode in ALONE)
        instrument = self.instrument if alike and config.model == old.model else open_named(library, config)
        other = self.other if alike and config.morph_to == old.morph_to else _other(library, config)
        if any(getattr(config, name) != getattr(old, name) for name in OF_A_PART):
            part = part_of(config, config.mode, library, instrument, other)
            self._arrive(part, inherits=config.mode == old.mode)
            self.instrument, self.other = instrument, other
        else:
            self._use(instrument, other)
        self.config = config

    def _use(self, instrument: Model, other: Model | None) -> None:
        if instrument is self.instrument and other is self.other:
            return
        check_playable(self.config.mode, instrument, other)
        self.engine.parts.coming.use(
            decoder_for(self.config, self.config.mode, self.library, instrument, other)
        )
        self.instrument, self.other = instrument, other

    def _arrive(self, part: Part, inherits: bool) -> None:
        """Play another part; with the parameters of the one that plays, if it inherits them."""
        leaving, arriving = self.engine.parts.coming.params, part.mode.params
        before = leaving.values if inherits else {}
        for name, value in before.items():
            arriving.set(name, value)
        if inherits:
            _hand_over(self.engine.parts.coming, part.mode)
        self.engine.parts.change(part)
        # What was turned since the values were read has reached only the one that leaves.
        for name, value in before.items():
            if leaving.values[name] != value:
                arriving.set(name, leaving.values[name])


def _hand_over(leaving: Mode, arriving: Mode) -> None:
    """What was learned of the drum that is played."""
    if isinstance(leaving, DrumsMode) and isinstance(arriving, DrumsMode) and leaving.measures:
        arriving.measure_by(leaving.measures)


def build(config: Config, board: Playable) -> App:
    """Load what the configuration names and connect it to a board, to render files.

    Raises:
        ConfigError: an unknown mode or parameter. InstrumentError: the instrument cannot play.
    """
    controls = Played(board, config.rack.gate_delay_ms)
    return _wired(config, controls, WarmLibrary(), None, Engine)


def build_live(config: Config, controls: Controls, say: Callable[[str], object]) -> App:
    """The same for playing live: on the audio clock, with fades, doing less when there is no time.

    All instruments that fit are loaded and warm when it returns. An instrument of the player's own
    that cannot play gives way to the one of that name that ships.

    Raises:
        ConfigError: an unknown mode or parameter. InstrumentError: the instrument cannot play.
    """
    check_inputs(config)
    library = WarmLibrary(say=say)

    def live(part: Part, controls: Controls) -> Engine:
        return Engine(part, controls, DelayLocked(config.audio.period), make_output(fade_in=True), Overload())

    app = _wired(config, controls, library, say, live)
    warm(app)
    return app


def warm(app: App) -> None:
    """Load whatever else there is room for that the mode could play; mappers are there in no time."""
    if app.config.mode not in ALONE:
        app.library.warm(voices_of(app.config), fits=partial(fits, app.config.mode))


def _wired(
    config: Config,
    controls: Controls,
    library: WarmLibrary,
    say: Callable[[str], object] | None,
    make: Callable[[Part, Controls], Engine],
) -> App:
    check_unmorphed(config.mode, config.morph_to)
    instrument = _opened(config.mode, library, config.model, say)
    other = None if config.morph_to is None else _opened(config.mode, library, config.morph_to, say)
    engine = make(part_of(config, config.mode, library, instrument, other), controls)
    return App(config, engine, library, instrument, other)


def _opened(mode: str, library: WarmLibrary, name: str, say: Callable[[str], object] | None) -> Model:
    path = find(mode, name)
    try:
        return _open(mode, library, path)
    except InstrumentError as error:
        shipped = drum_library.hidden_by(path) or instruments.hidden_by(path)
        if say is None or shipped is None:
            raise
        say(f"{error}. The {name} that ships plays instead")
        return _open(mode, library, shipped)


def _open(mode: str, library: WarmLibrary, path: Path) -> Model:
    return open_file(mode, path, library.get)


def open_named(library: WarmLibrary, config: Config) -> Model:
    """What the settings name for their mode, loaded and checked.

    Raises:
        InstrumentError: it is not there, or cannot play.
    """
    return _open(config.mode, library, find(config.mode, config.model))


def _other(library: WarmLibrary, config: Config) -> Model | None:
    check_unmorphed(config.mode, config.morph_to)
    return None if config.morph_to is None else library.get(instruments.find_instrument(config.morph_to))


def part_of(
    config: Config, mode_name: str, library: WarmLibrary, instrument: Model, other: Model | None
) -> Part:
    """A mode as configured, with its cables.

    Raises:
        ConfigError: an unknown mode or parameter. InstrumentError: it does not play the instrument, or
            the two cannot morph.
    """
    if mode_name not in MODES:
        raise ConfigError(f"no mode called {mode_name!r}; there are: {', '.join(MODES)}")
    check_playable(mode_name, instrument, other)
    mode = MODES[mode_name](decoder_for(config, mode_name, library, instrument, other))
    _set_params(mode.params, start_params(mode_name, str(instrument.path), config.params))
    return Part(mode, CvRouter(config.cv.routes, mode.params, config.cv.zero_volt_note).apply)


def decoder_for(
    config: Config, mode_name: str, library: WarmLibrary, instrument: Model, other: Model | None
) -> Decoder:
    """What a mode plays with; a mapper stands for one."""
    if isinstance(instrument, drum_library.MapperFile):
        return MapperDecoder(instrument.mapper)
    return decoder_of(library, instrument, other, voices_of(config, mode_name))


def decoder_of(library: WarmLibrary, instrument: Model, other: Model | None, voices: int) -> Decoder:
    """A decoder of one instrument, or of the way from it to another."""
    if other is None:
        return library.decoder(instrument.path, voices)
    return MorphDecoder(library.decoder(instrument.path, voices), library.decoder(other.path, voices))


def check_inputs(config: Config) -> None:
    """Refuse a mode that listens where there is nothing to listen to.

    Raises:
        ConfigError: it does; the message says what to set.
    """
    if config.mode in SUNG and not config.audio.inputs:
        raise ConfigError(
            f"mode {config.mode} is played by what it hears, and audio.inputs is 0; set it to 1 or 2"
        )


def voices_of(config: Config, mode_name: str = "") -> int:
    """How many voices the decoder of a mode has, or of the one that is configured."""
    return decoder_voices(mode_name or config.mode, config.voices)


def midi_of(config: Config) -> Midi:
    """The settings of MIDI, with the controllers that the instruments of the mode bring along."""
    controllers = joined(config.midi.controllers, usual_controllers(config.mode))
    return msgspec.structs.replace(config.midi, controllers=controllers)


def _set_params(params: ParamSet, values: dict[str, float]) -> None:
    try:
        for name, value in values.items():
            params.set(name, value)
    except ParamError as error:
        raise ConfigError(f"params: {error}") from None
