"""Live sound through PortAudio: ALSA on the rack, JACK, or whatever a laptop has."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

from ddsp_pi.engine.audio import AudioSettings, Counters, Render, Say, Until, at_once
from ddsp_pi.engine.devices import APIS, Device, MissingDeviceError, card_numbers, choose, listed
from ddsp_pi.engine.player import Player
from ddsp_pi.engine.realtime import Granted
from ddsp_pi.engine.resample import Resampled
from ddsp_pi.errors import AudioError, MissingExtraError
from ddsp_pi.frame import SAMPLE_RATE

LOOK_EVERY_S = 0.5
"""How often a missing device is looked for."""

FIRST_CALL_S = 3.0
"""A device may take that long from its start to its first call."""

STALLED_AFTER_S = 0.3
_WATCH_EVERY_S = 0.05

_BAD_RATE = -9997
_MAY_COME = {-9999, -9996, -9985}
"""PortAudio's codes for an error of the host's, an invalid device, and one in use or gone."""

_RATES_HZ = (32_000, 44_100, 48_000, 88_200, 96_000, 192_000)


class PortAudio:
    """Plays one mono signal on every output of a device, and hears the mean of its inputs.

    Args:
        settings: what to play on; `backend` is a key of `devices.APIS`.
        counters: where what goes wrong is counted.
        say: takes lines for the log.
    """

    def __init__(self, settings: AudioSettings, counters: Counters, say: Say) -> None:
        self._settings, self._counters, self._say = settings, counters, say

    def run(self, render: Render, stop: threading.Event, finished: Callable[[], bool] = at_once) -> None:
        """See AudioIO; a device that is not there yet is waited for.

        Raises:
            ConfigError: the device is not unique.
            AudioError: it refuses the format, or has stopped calling. The
                stream is then not closed: PortAudio would wait for ever for a server that is gone,
                so the process should leave by os._exit.
        """
        started = self._start(render, stop)
        if started is None:
            return
        self._watch(started, Until(stop, finished))
        # What has faded out still has to be heard.
        time.sleep(started.latency_s)
        started.stream.close()

    def _start(self, render: Render, stop: threading.Event) -> "_Started | None":
        """The stream, once its device is there; None: told to stop before."""
        said = ""
        while not stop.is_set():
            try:
                return self._open(render)
            except MissingDeviceError as error:
                if str(error) != said:
                    self._say(f"{error}. Waiting for it")
                said = str(error)
            _forget()
            stop.wait(LOOK_EVERY_S)
        return None

    def _open(self, render: Render) -> "_Started":
        settings = self._settings
        sounddevice = _sounddevice()
        devices = listed(sounddevice.query_devices(), sounddevice.query_hostapis())
        device = choose(devices, settings.device, settings.backend, bool(settings.inputs), card_numbers())
        own_hz = round(device.rate_hz)
        try:
            return self._stream(sounddevice, device, render, settings.sample_rate)
        except _BadRateError:
            if own_hz == settings.sample_rate:
                raise
        return self._stream(sounddevice, device, render, own_hz)

    def _stream(self, sounddevice: Any, device: Device, render: Render, rate_hz: int) -> "_Started":
        settings = self._settings
        resampled = None if rate_hz == SAMPLE_RATE else self._resampled(render, device, rate_hz)
        channels, inputs = min(settings.channels, device.outputs), min(settings.inputs, device.inputs)
        player = Player(resampled or render, self._counters, channels, inputs, rate_hz)
        try:
            with _quiet():
                stream = _OPENERS[bool(inputs)](sounddevice, device.index, inputs, channels, player)(
                    samplerate=rate_hz,
                    # A JACK server calls by its own period; another one would be buffered around it.
                    blocksize=0 if device.api == APIS["jack"] else settings.period,
                    dtype="float32",
                    latency=settings.latency * settings.period / rate_hz,
                )
                stream.start()
        except sounddevice.PortAudioError as error:
            raise _refusal(sounddevice, device, channels, rate_hz, error) from error
        return _Started(stream, player, device, rate_hz, resampled.latency_s if resampled else 0.0)

    def _resampled(self, render: Render, device: Device, rate_hz: int) -> Resampled:
        if self._settings.inputs:
            raise AudioError(
                f"{device.name} runs at {rate_hz} Hz, and a mode that listens needs {SAMPLE_RATE}; "
                "choose another device, or set audio.inputs to 0"
            )
        try:
            return Resampled(render, rate_hz)
        except MissingExtraError as error:
            raise AudioError(
                f"{device.name} runs at {rate_hz} Hz, the engine at {SAMPLE_RATE}; {error}"
            ) from error

    def _watch(self, started: "_Started", until: Until) -> None:
        """Wait for the end; a device that stands still, or a render that failed, ends it with an error."""
        player, seen = started.player, 0
        beat_at, patience_s = time.monotonic(), FIRST_CALL_S
        while until():
            time.sleep(_WATCH_EVERY_S)
            if player.failure is not None:
                raise player.failure
            if player.beats != seen:
                if not seen:
                    self._say(started.described(self._settings))
                seen, beat_at, patience_s = player.beats, time.monotonic(), STALLED_AFTER_S
            elif time.monotonic() - beat_at > patience_s:
                raise AudioError(
                    f"{started.device.name} has stopped calling; is its server still running, its cable in?"
                )


class _BadRateError(AudioError):
    """A device that does not run at the rate that was asked for."""


@dataclass(frozen=True, slots=True)
class _Started:
    """A stream that plays."""

    stream: Any
    player: Player
    device: Device
    rate_hz: int
    resampling_s: float

    @property
    def latency_s(self) -> float:
        """Of the output, as PortAudio has been told."""
        latency = self.stream.latency
        return float(latency[-1] if isinstance(latency, tuple) else latency)

    def described(self, settings: AudioSettings) -> str:
        """The line for the log: what plays, and what differs from what was asked for."""
        player, device = self.player, self.device
        parts = [
            f"plays on {device.name} ({device.api.split()[0]}): {player.period} samples at {self.rate_hz} Hz",
            f"output latency {self.latency_s * 1e3:.1f} ms",
        ]
        if self.resampling_s:
            parts.append(f"resampled from {SAMPLE_RATE} Hz, {self.resampling_s * 1e3:.1f} ms more")
        if player.period != settings.period and not self.resampling_s:
            parts.append(f"the period is the server's, not the {settings.period} of audio.period")
        return ", ".join([*parts, str(player.grant and Granted((player.grant,)))])


def _output(sounddevice: Any, index: int, _inputs: int, channels: int, player: Player) -> Any:
    return partial(sounddevice.RawOutputStream, device=index, channels=channels, callback=player.play)


def _duplex(sounddevice: Any, index: int, inputs: int, channels: int, player: Player) -> Any:
    both = {"device": (index, index), "channels": (inputs, channels)}
    return partial(sounddevice.RawStream, callback=player.hear_and_play, **both)


_OPENERS = {False: _output, True: _duplex}


def _refusal(sounddevice: Any, device: Device, channels: int, rate_hz: int, error: Exception) -> AudioError:
    """What PortAudio's refusal means: worth waiting for, a matter of the rate, or final."""
    code = error.args[1] if len(error.args) > 1 else None
    if code in _MAY_COME:
        return MissingDeviceError(f"{device.name} cannot be opened: {error}")
    if code == _BAD_RATE:
        rates = ", ".join(map(str, _rates_hz(sounddevice, device, channels)))
        return _BadRateError(
            f"{device.name} does not run at {rate_hz} Hz, it takes {rates or 'none that is known'}; "
            "set audio.sample_rate to one of these"
        )
    return AudioError(
        f"{device.name} refuses {channels} channels at {rate_hz} Hz: {error}; "
        "change audio.channels, audio.inputs or audio.device"
    )


def _rates_hz(sounddevice: Any, device: Device, channels: int) -> list[int]:
    found = []
    for rate_hz in _RATES_HZ:
        with suppress(sounddevice.PortAudioError), _quiet():
            sounddevice.check_output_settings(device.index, channels, "float32", samplerate=rate_hz)
            found.append(rate_hz)
    return found


def _sounddevice() -> Any:
    """The library, ready."""
    # Whether there is a JACK server is for the system to decide, not for who looks for one.
    os.environ["JACK_NO_START_SERVER"] = "1"
    with _quiet():
        try:
            import sounddevice

            if not sounddevice._initialized:
                sounddevice._initialize()
        except OSError as error:
            raise AudioError(f"{error}; install it: sudo apt-get install libportaudio2") from error
        except sounddevice.PortAudioError as error:
            raise MissingDeviceError(f"PortAudio does not start: {error}") from error
    return sounddevice


def _forget() -> None:
    """End PortAudio at once, so that the next look finds new devices.

    Not just before that look: PortAudio aborts the process if a JACK server has died meanwhile.
    """
    import sounddevice

    with _quiet(), suppress(sounddevice.PortAudioError):
        sounddevice._terminate()


@contextmanager
def _quiet() -> Iterator[None]:
    """ALSA and JACK write to stderr whatever they do not find; asked twice a second that is a flood."""
    with open(os.devnull, "wb") as nothing:
        stderr = os.dup(2)
        os.dup2(nothing.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)
