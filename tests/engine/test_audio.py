"""Players without a sound card, and the table of them all."""

import threading
import time
from dataclasses import dataclass

import msgspec
import numpy as np
import pytest
import soundfile

from ddsp_pi import config
from ddsp_pi.engine.audio import FADE_S, AudioSettings, NullAudio, Until, WavAudio
from ddsp_pi.engine.backends import BACKENDS, open_audio
from ddsp_pi.errors import ConfigError
from ddsp_pi.frame import SAMPLE_RATE


@dataclass
class Counted:
    xruns: int = 0
    missed: int = 0


class Ramp:
    """Renders a slow ramp, notes the blocks, and sets `stop` after some."""

    def __init__(self, blocks=10_000):
        self.stop, self.blocks, self.sizes, self.heard = threading.Event(), blocks, [], []
        self.position = 0

    def __call__(self, out, audio_in):
        assert audio_in.shape == out.shape
        out[:] = (self.position + np.arange(len(out))) % 1000 / 2000
        self.heard.append(float(np.abs(audio_in).max()))
        self.position += len(out)
        self.sizes.append(len(out))
        if len(self.sizes) >= self.blocks:
            self.stop.set()


def test_every_backend_of_the_configuration_is_there():
    field = next(f for f in msgspec.structs.fields(config.Audio) if f.name == "backend")
    assert set(BACKENDS) == set(msgspec.inspect.type_info(field.type).type.values)


def test_settings_say_what_the_configuration_says():
    audio = config.load_config().audio
    assert AudioSettings(**msgspec.structs.asdict(audio)) == AudioSettings()


def test_nothing_is_played_in_real_time():
    ramp, counted = Ramp(50), Counted()
    begun = time.monotonic()
    NullAudio(128, counted).run(ramp, ramp.stop)
    assert time.monotonic() - begun >= 48 * 128 / SAMPLE_RATE
    assert ramp.sizes == [128] * 50
    assert set(ramp.heard) == {0.0}


def test_what_is_late_is_dropped_and_counted():
    ramp, counted = Ramp(20), Counted()

    def render(out, audio_in):
        if len(ramp.sizes) == 3:
            time.sleep(0.05)
        ramp(out, audio_in)

    begun = time.monotonic()
    NullAudio(128, counted).run(render, ramp.stop)
    # One pause and twenty periods: nothing was caught up at double speed.
    assert time.monotonic() - begun >= 0.05 + 17 * 128 / SAMPLE_RATE
    assert counted.missed >= 17
    assert len(ramp.sizes) == 20


def test_it_plays_on_until_the_sound_has_faded():
    ramp = Ramp(5)
    NullAudio(128, Counted()).run(ramp, ramp.stop, lambda: len(ramp.sizes) >= 30)
    assert len(ramp.sizes) == 30


def test_a_sound_that_never_fades_is_waited_for_half_a_second():
    ramp = Ramp(1)
    begun = time.monotonic()
    NullAudio(128, Counted()).run(ramp, ramp.stop, lambda: False)
    assert time.monotonic() - begun >= FADE_S
    assert len(ramp.sizes) < 2 * FADE_S * SAMPLE_RATE / 128


def test_until_does_not_ask_about_the_fade_before_the_end():
    stop, asked = threading.Event(), []
    until = Until(stop, lambda: bool(asked.append(1)) or True)
    assert until()
    assert not asked
    stop.set()
    assert not until()


def test_a_file_holds_what_was_rendered(tmp_path):
    ramp, counted = Ramp(), []
    WavAudio(tmp_path / "a.wav", 1000, 300, counted.append).run(ramp, ramp.stop)
    assert ramp.sizes == counted == [300, 300, 300, 100]
    audio, rate = soundfile.read(tmp_path / "a.wav")
    assert rate == SAMPLE_RATE
    np.testing.assert_allclose(audio, np.arange(1000) / 2000, atol=2**-22)


def test_a_file_can_stand_for_the_sound_card(tmp_path):
    ramp = Ramp(30)
    settings = AudioSettings(backend="wav", device=str(tmp_path / "live.wav"), period=64)
    begun = time.monotonic()
    open_audio(settings, Counted(), print).run(ramp, ramp.stop)
    assert time.monotonic() - begun >= 28 * 64 / SAMPLE_RATE
    assert soundfile.info(tmp_path / "live.wav").frames == 30 * 64


def test_a_file_without_a_name_is_refused():
    with pytest.raises(ConfigError, match=r"audio\.device"):
        open_audio(AudioSettings(backend="wav"), Counted(), print)
