"""What was heard of a module: how loud, and how it ended."""

import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

SILENT_DB = -60.0
HALF_S = 0.5
END_S = 0.01


@dataclass(frozen=True)
class Heard:
    """Samples of one channel, full scale 1."""

    samples: NDArray[np.float64]
    rate_hz: int

    @classmethod
    def load(cls, path: Path) -> "Heard":
        """From a 16-bit file."""
        with wave.open(str(path)) as file:
            raw = np.frombuffer(file.readframes(file.getnframes()), "<i2")
            return cls(raw.reshape(-1, file.getnchannels())[:, 0] / 32768.0, file.getframerate())

    @property
    def loud_db(self) -> float:
        """The whole of it, RMS against full scale."""
        return float(10.0 * np.log10(np.mean(self.samples**2) + 1e-12))

    def until_silence(self) -> NDArray[np.float64]:
        """Up to the last sample that is above silence."""
        above = np.flatnonzero(np.abs(self.samples) > 10.0 ** (SILENT_DB / 20.0))
        return self.samples[: above[-1] + 1] if len(above) else self.samples[:0]

    def fade_s(self) -> float:
        """How long it took at the end, from half of what played before to silence."""
        sounding = self.until_silence()
        peaks = np.maximum.accumulate(np.abs(sounding)[::-1])[::-1]
        half = 0.5 * np.quantile(np.abs(sounding[: -int(HALF_S * self.rate_hz)]), 0.99)
        return float(np.count_nonzero(peaks < half) / self.rate_hz)

    def end(self) -> float:
        """The largest jump from sample to sample around the last one that is heard; before, they are 1.

        Sound that is cut off ends with jumps as large as it had all the time, or larger.
        """
        ends = len(self.until_silence())
        jumps = np.abs(np.diff(self.samples))
        around = jumps[ends - int(END_S * self.rate_hz) : ends + int(HALF_S * self.rate_hz)]
        return float(around.max() / np.quantile(jumps[: ends - int(HALF_S * self.rate_hz)], 0.999))
