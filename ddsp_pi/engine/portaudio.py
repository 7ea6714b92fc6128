"""Live sound through PortAudio: ALSA on the rack, JACK, or whatever a laptop has."""

import threading
from typing import Any

import numpy as np

from ddsp_pi.engine.audio import Render
from ddsp_pi.engine.telemetry import Telemetry
from ddsp_pi.errors import AudioError
from ddsp_pi.frame import SAMPLE_RATE

FADE_SAMPLES = 2400
"""50 ms in at the start, so that no module downstream gets a thump."""

STALLED_AFTER_S = 2.0


class PortAudio:
    """Plays one mono signal on every output channel of a device."""

    def __init__(self, device: str | int | None, period: int, channels: int, telemetry: Telemetry) -> None:
        self._device, self._period, self._channels = device, period, channels
        self._telemetry = telemetry
        self._fade_in = 0

    def run(self, render: Render, stop: threading.Event) -> None:
        """See AudioIO.

        Raises:
            AudioError: the device is missing, refuses the format, or stops calling.
        """
        mono = np.empty(self._period, np.float32)

        def callback(out: Any, frames: int, _time: Any, status: Any) -> None:
            if status:
                self._telemetry.xruns += 1
            block = mono[:frames]
            render(block)
            self._fade(block)
            out[:] = block[:, None]

        stream = self._open(callback)
        stream.start()
        blocks = -1
        while not stop.wait(STALLED_AFTER_S):
            if self._telemetry.blocks == blocks:
                # Not closed: PortAudio waits for ever for a server that is gone.
                raise AudioError("the audio device stopped calling; is its server still running?")
            blocks = self._telemetry.blocks
        stream.close()

    def _open(self, callback: Any) -> Any:
        sounddevice = _sounddevice()
        try:
            return sounddevice.OutputStream(
                samplerate=SAMPLE_RATE,
                blocksize=self._period,
                device=self._device,
                channels=self._channels,
                dtype="float32",
                latency="low",
                callback=callback,
            )
        except (sounddevice.PortAudioError, ValueError) as error:
            names = ", ".join(
                repr(d["name"]) for d in sounddevice.query_devices() if d["max_output_channels"]
            )
            raise AudioError(
                f"cannot play on {self._device or 'the default audio device'} at 48 kHz: {error}; "
                f"outputs here: {names or 'none'}. Set audio.device in the configuration, "
                "or give --backend null to run without sound"
            ) from error

    def _fade(self, block: Any) -> None:
        if self._fade_in < FADE_SAMPLES:
            block *= np.minimum((self._fade_in + np.arange(len(block))) / FADE_SAMPLES, 1.0)
            self._fade_in += len(block)


def _sounddevice() -> Any:
    try:
        import sounddevice
    except OSError as error:
        raise AudioError(f"{error}; install it: sudo apt-get install libportaudio2") from error
    return sounddevice
