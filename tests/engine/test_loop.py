import numpy as np
import pytest

from ddsp_pi.engine.audio import WavAudio
from ddsp_pi.frame import HOP
from ddsp_pi.modes.base import SilentMode
from ddsp_pi.modes.cv import CvMode
from ddsp_pi.modes.outside import Outside
from ddsp_pi.params import ParamSet
from ddsp_pi.pictures import read_wav
from tests.playing import engine, gate, play, static


class Sick:
    """Plays a NaN once, then a tone."""

    meter = None

    def __init__(self):
        self.params, self.outside, self.resets, self.blocks = ParamSet(()), Outside(), 0, 0

    def render(self, frame, audio_in, out):
        self.blocks += 1
        out[:] = np.nan if self.blocks == 3 else 0.25

    def reset(self):
        self.resets += 1

    def shed(self, partials, voices):
        pass


def test_a_sick_mode_is_reset_and_the_sound_goes_on():
    mode = Sick()
    engine_ = engine(mode)
    audio = play(engine_, 10 * HOP / 48_000)
    assert np.isfinite(audio).all()
    assert mode.resets == 1
    assert engine_.telemetry.rejected_samples == HOP
    assert (audio[-HOP:] > 0.1).all()  # what the DC blocker leaves of it


def test_a_silent_mode_is_silent():
    assert not play(engine(SilentMode()), 0.05).any()


@pytest.mark.parametrize("block", [1, 50, 128, 1000])
def test_telemetry_counts(block):
    engine_ = engine(CvMode(static()), gate(0.0))
    audio = play(engine_, 0.1, block)
    assert engine_.telemetry.blocks == -(-len(audio) // block)
    assert engine_.telemetry.peak == pytest.approx(np.abs(audio).max())
    assert engine_.telemetry.worst_load > 0.0


def test_wav_holds_what_was_rendered(tmp_path):
    import threading

    path, counted = tmp_path / "a.wav", []
    live, offline = (engine(CvMode(static()), gate(0.0)) for _ in range(2))
    WavAudio(path, 10_000, 512, counted.append).run(live.render, threading.Event())
    np.testing.assert_allclose(read_wav(path), play(offline, 10_000 / 48_000, 512), atol=2.0**-23)
    assert sum(counted) == 10_000
    assert list(tmp_path.iterdir()) == [path]
