"""Settings that are right as text, and whether they can be played: what they name must be there and fit."""

import socket
from collections.abc import Callable, Iterator
from functools import partial

import msgspec

from ddsp_pi.app import MODE_PARAMS, check_inputs
from ddsp_pi.config import Config, Loaded
from ddsp_pi.control.midi_map import check_controllers
from ddsp_pi.control.osc import EVERYWHERE, LOOPBACK
from ddsp_pi.engine.audio import AudioSettings
from ddsp_pi.engine.backends import open_audio
from ddsp_pi.engine.telemetry import Telemetry
from ddsp_pi.errors import ConfigError, DdspPiError
from ddsp_pi.located import Place
from ddsp_pi.modes.chosen import check_playable, open_model
from ddsp_pi.modes.tables import check_unmorphed
from ddsp_pi.params import ParamSet
from ddsp_pi.rack.boards import AUTO, find_board
from ddsp_pi.rack.routing import CvRouter
from ddsp_pi.sections import Audio, Osc

CHOICE = ("mode", "model", "morph_to")
"""Settings that say which instruments play, and how."""

Step = tuple[Place, Callable[[], object]]
"""Where in a file, and what raises a DdspPiError if it cannot be used."""


def check(loaded: Loaded, playing: Config | None = None) -> None:
    """Refuse what could not be played.

    What is the same in the settings that play need not be looked at again where that takes long, or
    could not succeed because we have it ourselves.

    Raises:
        ConfigError: the message says what, on which line, and what to do.
    """
    for place, step in _steps(loaded.config, playing):
        try:
            step()
        except DdspPiError as error:
            raise ConfigError(f"{error}; it stands {loaded.source.where(place)}") from None


def _steps(config: Config, playing: Config | None) -> Iterator[Step]:
    yield ("mode",), partial(_known_mode, config.mode)
    params = ParamSet(MODE_PARAMS[config.mode])
    for name in config.params:
        yield ("params", name), partial(params.spec, name)
    for row, route in enumerate(config.cv.routes):
        yield ("cv", "routes", row), partial(CvRouter, (route,), params, config.cv.zero_volt_note)
    yield from _controllers(config)
    yield ("audio",), partial(_audio, config.audio)
    yield ("audio", "inputs"), partial(check_inputs, config)
    if config.rack.board != AUTO:
        yield ("rack", "board"), partial(find_board, config.rack.board)
    yield ("rack", "buttons"), partial(_one_act_each, config)
    if playing is not None and playing.osc.port != config.osc.port:
        yield ("osc", "port"), partial(_free_port, config.osc)
    if playing is None or any(getattr(playing, name) != getattr(config, name) for name in CHOICE):
        yield from _instruments(config)


def _controllers(config: Config) -> Iterator[Step]:
    known = [param.name for params in MODE_PARAMS.values() for param in params]
    for name in config.midi.controllers:
        yield ("midi", "controllers", name), partial(check_controllers, {name: None}, known)


def _instruments(config: Config) -> Iterator[Step]:
    yield ("model",), partial(_plays, config.mode, config.model)
    if config.morph_to is not None:
        yield ("morph_to",), partial(_plays, config.mode, config.model, config.morph_to)


def _known_mode(name: str) -> None:
    if name not in MODE_PARAMS:
        raise ConfigError(f"no mode called {name!r}; there are: {', '.join(MODE_PARAMS)}")


def _audio(audio: Audio) -> None:
    open_audio(msgspec.convert(audio, AudioSettings, from_attributes=True), Telemetry(), _nothing)


def _nothing(text: str) -> None:
    return None


def _one_act_each(config: Config) -> None:
    seen = set()
    for row in config.rack.buttons:
        press = frozenset(row.buttons), row.held
        if press in seen:
            buttons = " and ".join(map(str, sorted(press[0])))
            raise ConfigError(f"button {buttons} has two rows; leave one of them")
        seen.add(press)


def _plays(mode: str, name: str, other: str | None = None) -> None:
    check_unmorphed(mode, other)
    check_playable(mode, open_model(mode, name), None if other is None else open_model(mode, other))


def _free_port(osc: Osc) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as trial:
        try:
            trial.bind((EVERYWHERE if osc.lan else LOOPBACK, osc.port))
        except OSError as error:
            raise ConfigError(f"OSC port {osc.port}: {error.strerror}; set another one") from None
