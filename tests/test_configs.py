"""Every configuration that ships is loaded, finds its board and is played."""

import numpy as np
import pytest

from ddsp_pi.app import MODE_PARAMS, SUNG, build
from ddsp_pi.config import load_config
from ddsp_pi.frame import HOP, SAMPLE_RATE
from ddsp_pi.models.drum_library import SHIPPED as SHIPPED_MAPPERS
from ddsp_pi.models.library import shipped_files
from ddsp_pi.rack.boards import find_board
from ddsp_pi.rack.performance import load_performance
from ddsp_pi.rack.sim import SimBoard
from ddsp_pi.rack.simulated import simulated_board
from ddsp_pi.shipped import configs_folder
from tests.singing import vowel

CONFIGS = [*sorted(configs_folder().glob("*.yaml")), *sorted(configs_folder().glob("modes/*.yaml"))]
SHIPPED_NAMES = {path.stem for path in (*shipped_files(), *SHIPPED_MAPPERS.iterdir())}
LINE = configs_folder() / "performances" / "sequencer-line.csv"


class OnTime:
    """The board that a configuration names, simulated, in the time of the samples."""

    def __init__(self, config) -> None:
        player = SimBoard(load_performance(LINE))
        self.now_ns = 0
        named = config.rack.board
        self.board = player
        if named != "auto":
            self.board = simulated_board(find_board(named), config.rack, player, now=lambda: self.now_ns)

    def volts(self, at_ns):
        self.now_ns = at_ns
        return self.board.volts(at_ns)

    def events(self, until_ns):
        self.now_ns = until_ns
        return self.board.events(until_ns)


@pytest.fixture(params=CONFIGS, ids=[path.stem for path in CONFIGS])
def config(request):
    config = load_config(request.param)
    if config.model not in SHIPPED_NAMES:
        pytest.skip(f"no {config.model} ships yet")
    return config


def test_it_plays_what_is_patched(config):
    app = build(config, OnTime(config))
    sound = np.empty(2 * SAMPLE_RATE // HOP * HOP, np.float32)
    heard = vowel(220.0, seconds=2.0) if config.mode in SUNG else np.zeros(len(sound), np.float32)
    for block, audio_in in zip(sound.reshape(-1, HOP), heard.reshape(-1, HOP), strict=True):
        app.engine.render(block, audio_in)
    assert np.isfinite(sound).all()
    assert 0.003 < np.abs(sound).max() <= 1.0
    assert app.engine.telemetry.sounding_samples > SAMPLE_RATE
    assert app.params.is_driven(config.cv.routes[0].to)


def test_it_routes_only_jacks_that_its_board_has(config):
    named = config.rack.board
    spec = find_board("sim" if named == "auto" else named)
    jacks = {f"cv{jack}" for jack in range(1, len(spec.cvs) + 1)}
    assert {route.jack for route in config.cv.routes} <= jacks
    assert {route.to for route in config.cv.routes} <= {param.name for param in MODE_PARAMS[config.mode]}
    if spec.codec is not None:
        assert config.audio.device in spec.codec.card_ids
        assert config.audio.sample_rate in spec.codec.rates_hz
        assert config.audio.inputs <= spec.codec.inputs
    assert config.audio.inputs or config.mode not in SUNG
