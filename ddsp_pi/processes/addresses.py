"""What OSC can do here: the control process put into the contract."""

import math
import time
from collections.abc import Callable, Sequence

from ddsp_pi.app import ALONE, LISTENING
from ddsp_pi.config import Config
from ddsp_pi.control.acting import NAME
from ddsp_pi.control.acts import Acts, Asks, Hands, Panel
from ddsp_pi.control.contract import contract
from ddsp_pi.control.hub import Hub
from ddsp_pi.control.namespace import Namespace
from ddsp_pi.modes.tables import fitting
from ddsp_pi.processes.launch import Input
from ddsp_pi.processes.parts import Parts
from ddsp_pi.processes.sounds import open_presets
from ddsp_pi.rack.board import N_BUTTONS, N_CVS, N_GATES
from ddsp_pi.rack.sim import SimBoard


def osc_addresses(config: Config, parts: Parts, reload: Callable[[], str] | None = None) -> Namespace:
    """Every address that this process can act on or answer for; `reload` see Acts."""
    panel = Panel(parts.reports.cvs, _played(config.rack.gate_outs))
    return contract(parts.hub, panel, _acts(config, parts, reload), _asks(config, parts), parts.reports)


def _acts(config: Config, parts: Parts, reload: Callable[[], str] | None) -> Acts:
    rack, sounds, drums, later = parts.rack, parts.sounds, parts.drums, parts.errands.later
    return Acts(
        model=parts.choose,
        mode=_only(config.mode),
        panic=parts.hub.hush,
        override=rack.overrides.hold,
        release=rack.overrides.release,
        gate_out=rack.gate_outs.ask,
        led=rack.led.ask,
        load_preset=lambda name: later(lambda: sounds.load(name)),
        save_preset=lambda name: later(lambda: sounds.save(name)),
        load_drum=(lambda name: later(lambda: drums.load(name))) if config.mode in ALONE else None,
        save_drum=(lambda name: later(lambda: drums.save(name))) if config.mode in ALONE else None,
        morph_to=lambda name: later(lambda: sounds.morph_to(name)),
        morph=sounds.morph,
        learn=parts.keyboards.player.map.learn,
        reload=reload,
        hands=None if rack.player is None else hands_on(rack.player),
    )


def _asks(config: Config, parts: Parts) -> Asks:
    loop = parts.loop
    return Asks(
        mode=lambda: config.mode,
        modes=lambda: [config.mode],
        f0_hz=lambda: _pitch(loop.heard, parts.hub),
        levels=lambda: loop.levels,
        input=(lambda: _levels_in(loop.heard)) if config.mode in LISTENING else None,
        models=lambda: sorted(filter(NAME.fullmatch, fitting(config.mode))),
        preset=lambda: parts.sounds.name,
        drum=(lambda: parts.drums.name) if config.mode in ALONE else None,
        drums=parts.drums.names if config.mode in ALONE else None,
        presets=lambda: [path.stem for path in open_presets().files()],
    )


def _pitch(heard: Input | None, hub: Hub) -> float | None:
    return hub.f0_hz if heard is None else heard.f0_hz or None


def _levels_in(heard: Input | None) -> tuple[float, int, float] | None:
    return None if heard is None else (heard.level, int(heard.clipped), heard.offset)


def _only(mode: str) -> Callable[[str], None]:
    """Modes are chosen in the configuration; by message there is only the one that plays."""

    def choose(name: str) -> None:
        if name != mode:
            raise ValueError(f"is {mode} here: another mode is chosen in the configuration")

    return choose


def _played(kinds: Sequence[str]) -> Sequence[int]:
    """Gate outputs that messages set, from 1 on."""
    return [gate for gate, kind in enumerate(kinds, 1) if kind == "osc"]


def hands_on(player: SimBoard) -> Hands:
    """Hands on the jacks end the performance, as a cable that is pulled."""

    def patch(jack: int, volts: float) -> None:
        player.unplug()
        player.patch(jack, volts)

    def move(line: str) -> Callable[[int, bool], None]:
        def moved(number: int, active: bool) -> None:
            player.unplug()
            player.move(f"{line}_{number}", active, time.monotonic_ns())

        return moved

    return Hands(
        patch=patch,
        release=lambda jack: patch(jack, math.nan),
        gate=move("gate_in"),
        button=move("button"),
        cvs=N_CVS,
        gates=N_GATES,
        buttons=N_BUTTONS,
    )
