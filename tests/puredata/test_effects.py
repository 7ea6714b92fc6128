"""The effects in a real Pd on a real JACK server: what goes in, what comes out."""

import os
import time
from unittest.mock import patch

import numpy as np
import pytest

from ddsp_pi.frame import SAMPLE_RATE
from tests.live.ear import Ear
from tests.live.player import Player
from tests.playing import pitch_of

pytestmark = pytest.mark.real

PERIOD = 256
ECHO_S = 0.38
"""What the patch begins with."""

SOUND = ("-jack", "-jackname", "pure_data", "-r", str(SAMPLE_RATE), "-nojackconnect")


class Click:
    """A JACK client that sends a click into Pd, and keeps what comes out from then on."""

    def __init__(self, environment, seconds):
        with patch.dict(os.environ, environment):
            import jack

            self._client = jack.Client("click", no_start_server=True)
        self._out = self._client.outports.register("out")
        self._in = self._client.inports.register("in")
        self._most = int(seconds * SAMPLE_RATE / self._client.blocksize)
        self._blocks = []
        self._wanted = False
        self._client.set_process_callback(self._process)

    def __enter__(self):
        self._client.activate()
        self._client.connect(self._out, "pure_data:input_1")
        self._client.connect("pure_data:output_1", self._in)
        return self

    def __exit__(self, *error):
        self._client.deactivate()
        self._client.close()

    def heard(self):
        """(n,) from the click on."""
        self._blocks, self._wanted = [], True
        until = time.monotonic() + 20.0
        while len(self._blocks) < self._most:
            assert time.monotonic() < until, "the server stands still"
            time.sleep(0.05)
        return np.concatenate(self._blocks)

    def _process(self, frames):
        out = np.frombuffer(self._out.get_buffer(), np.float32)
        out[:] = 0.0
        if self._wanted and len(self._blocks) < self._most:
            out[0] = 1.0 if not self._blocks else 0.0
            self._blocks.append(np.frombuffer(self._in.get_buffer(), np.float32).copy())


@pytest.fixture
def effects(server, play, monkeypatch):
    """The patch on a server, and the server."""
    jack = server(PERIOD)
    for name in ("JACK_DEFAULT_SERVER", "JACK_NO_START_SERVER"):
        monkeypatch.setenv(name, jack.environment[name])
    jack.start()
    pd = play("effects", sound=SOUND)
    jack.wait_for("pure_data:output_2")
    return pd, jack


def at_peak(sound, begin_s, end_s):
    """Where it is loudest in a stretch, in seconds, and how loud."""
    part = np.abs(sound[round(begin_s * SAMPLE_RATE) : round(end_s * SAMPLE_RATE)])
    return begin_s + int(np.argmax(part)) / SAMPLE_RATE, float(part.max())


def test_a_click_comes_back_as_an_echo_unless_the_effects_are_off(effects):
    pd, jack = effects
    pd.send("fx-room", 0)
    with Click(jack.environment, 0.7) as click:
        time.sleep(0.3)
        on = click.heard()
        begun_s, loud = at_peak(on, 0.0, 0.2)
        echo_s, echo = at_peak(on, begun_s + 0.2, begun_s + 0.5)
        assert loud == pytest.approx(0.5, abs=0.05), "both channels make one, half each"
        assert echo_s - begun_s == pytest.approx(ECHO_S, abs=0.005)
        assert echo > 0.01
        pd.send("fx-on", 0)
        time.sleep(0.3)
        off = click.heard()
    begun_s, loud = at_peak(off, 0.0, 0.2)
    assert loud == pytest.approx(0.5, abs=0.05)
    assert at_peak(off, begun_s + 0.2, begun_s + 0.5)[1] < 1e-3


def test_the_module_plays_through_the_effects_in_tune(effects, tmp_path):
    _, jack = effects
    with Player(jack, tmp_path, "--device", "pure_data") as player:
        player.said("plays the demo")
        player.osc("/ddsp/note", 69.0, 0.8)
        with Ear(jack.environment, 3.0) as ear:
            assert ear.connect("pure_data:output_1")
            time.sleep(2.5)
            sound = ear.heard(1.0).samples
    assert np.sqrt(np.mean(sound**2)) > 0.005
    assert pitch_of(sound, 440.0) == pytest.approx(440.0, rel=0.001)
