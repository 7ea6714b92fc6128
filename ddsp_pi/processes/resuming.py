"""Beginning as it was when it was switched off: engine and control both read what played last."""

from collections.abc import Callable
from dataclasses import replace

from ddsp_pi.app import ALONE, MODE_PARAMS, App
from ddsp_pi.config import Config
from ddsp_pi.control.memory import Recalled, recalled
from ddsp_pi.control.state_file import Began, State, read_state, set_aside, state_path
from ddsp_pi.errors import ConfigError, InstrumentError
from ddsp_pi.modes.chosen import check_playable, find_named, open_model, start_params
from ddsp_pi.modes.tables import fitting
from ddsp_pi.params import ParamSet
from ddsp_pi.places import data_folder
from ddsp_pi.processes.launch import Launch
from ddsp_pi.processes.played_drums import open_drums

Say = Callable[[str], object]


def remembers(launch: Launch) -> bool:
    """Whether what plays is kept and resumed: as a service, unless it is safe mode or switched off."""
    return launch.unattended and launch.config.resume and not launch.safe


def recall(launch: Launch, say: Say | None = None) -> Recalled:
    """What to begin with over the settings; nothing, if there is nothing that can be used.

    With `say` whatever cannot be used is said, and a file that is damaged is kept aside.
    """
    if not remembers(launch):
        return Recalled()
    try:
        state = read_state(state_path(data_folder()))
    except ConfigError as error:
        if say:
            kept = set_aside(state_path(data_folder()))
            why = " ".join(str(error).split())
            say(f"{why}. It is kept as {kept}; everything begins as the settings say")
        return Recalled()
    found = Recalled() if state is None else _usable(state, launch.config)
    if say:
        for entry in found.left_out:
            say(f"what played last: {entry}")
        if found != Recalled():
            say(f"as when it was switched off: {_in_words(found, launch.config.model)}")
    return found


def resume(app: App, found: Recalled, say: Say) -> None:
    """Have the engine begin with what played last; before its first block."""
    for name, value in found.params.items():
        app.set_param(name, value)
    try:
        if found.drum:
            app.measure_by(open_drums().load(found.drum))
    except ConfigError as error:
        say(f"{error}. It is learned anew")
    try:
        if found.instrument:
            app.play(find_named(app.config.mode, found.instrument))
    except (InstrumentError, OSError) as error:
        say(f"{error}. {app.instrument.card.name} plays")


def begin_with(params: ParamSet, found: Recalled) -> ParamSet:
    """The same for what control knows of the parameters."""
    for name, value in found.params.items():
        params.set(name, value)
    return params


def began_with(config: Config) -> Began:
    """What a state is a change of."""
    return Began(config.mode, config.model, start_params(config.mode, config.model, config.params))


def _in_words(found: Recalled, model: str) -> str:
    preset = f", preset {found.preset}" if found.preset else ""
    drum = f", drum {found.drum}" if found.drum else ""
    return f"{found.instrument or model}{preset}{drum}, {len(found.params)} parameters"


def _usable(state: State, config: Config) -> Recalled:
    """What counts of a state, without an instrument that cannot play."""
    found = recalled(state, began_with(config), MODE_PARAMS.get(config.mode, ()), fitting(config.mode).keys())
    found = _with_known_drum(found) if config.mode in ALONE else found
    if not found.instrument:
        return found
    try:
        _try(config.mode, found.instrument, config.morph_to)
    except (InstrumentError, OSError) as error:
        left_out = (*found.left_out, f"{error}. {config.model} plays")
        return replace(found, instrument="", preset="", left_out=left_out)
    return found


def _with_known_drum(found: Recalled) -> Recalled:
    """What counts of a state, without a drum whose file cannot be used."""
    try:
        if found.drum:
            open_drums().load(found.drum)
    except ConfigError as error:
        return replace(found, drum="", left_out=(*found.left_out, f"{error}. It is learned anew"))
    return found


def _try(mode: str, name: str, morph_to: str | None) -> None:
    """Raises InstrumentError: an instrument cannot play, or not morph to the other."""
    other = None if morph_to is None else open_model(mode, morph_to)
    check_playable(mode, open_model(mode, name), other)
