"""The audio backends by the names that a configuration knows them by."""

from collections.abc import Callable
from pathlib import Path

from ddsp_pi.engine.audio import AudioIO, AudioSettings, Counters, LiveWavAudio, NullAudio, Say
from ddsp_pi.engine.portaudio import PortAudio
from ddsp_pi.errors import ConfigError


def open_audio(settings: AudioSettings, counters: Counters, say: Say) -> AudioIO:
    """What plays live; nothing is opened before `run`.

    Raises:
        ConfigError: no file is named for the wav backend.
    """
    return BACKENDS[settings.backend](settings, counters, say)


def _null(settings: AudioSettings, counters: Counters, say: Say) -> AudioIO:
    return NullAudio(settings.period, counters)


def _wav(settings: AudioSettings, counters: Counters, say: Say) -> AudioIO:
    if not isinstance(settings.device, str):
        raise ConfigError("the wav backend writes the file that audio.device names; set it, to out.wav say")
    return LiveWavAudio(Path(settings.device), settings.period, counters)


BACKENDS: dict[str, Callable[[AudioSettings, Counters, Say], AudioIO]] = {
    "portaudio": PortAudio,
    "jack": PortAudio,
    "alsa": PortAudio,
    "null": _null,
    "wav": _wav,
}
