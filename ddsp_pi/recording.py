"""Recordings of one instrument: read, checked and brought to mono at 48 kHz."""

from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from ddsp_pi.errors import MissingExtraError, RecordingError
from ddsp_pi.frame import SAMPLE_RATE

SHORTEST_S = 0.1
SILENT_DBFS = -60.0
FULL_SCALE = 0.999
CLIPPED_RUN = 3
"""Samples in a row at full scale: a peak that only just touches it is not cut off."""

CLIPPED_SHARE = 0.001
"""Share of such samples that spoils a recording."""


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """One mono recording, ready to analyse."""

    audio: NDArray[np.float32]
    """(n,) samples at 48 kHz, full scale ±1."""
    path: Path
    notes: tuple[str, ...] = ()
    """What had to be done to the file, in words for its owner."""

    @property
    def seconds(self) -> float:
        """Length."""
        return len(self.audio) / SAMPLE_RATE

    @property
    def is_clipped(self) -> bool:
        """Whether it is cut off at full scale, as far as mixing down and resampling let that be seen."""
        _, lengths = _clipped_runs(self.audio[:, None])
        return bool(lengths.sum() >= CLIPPED_SHARE * len(self.audio))


def load_recording(path: Path) -> Recording:
    """Read a WAV, FLAC or other file that libsndfile knows.

    Raises:
        RecordingError: the file is missing, not audio, damaged, shorter than 0.1 s, silent
            (peak below −60 dBFS), clipped, or holds samples that are not finite.
        MissingExtraError: soundfile or soxr is not installed.
    """
    samples, rate = _read(path)
    _check_length(path, samples, rate)
    _check_finite(path, samples, rate)
    _check_clipping(path, samples, rate)
    _check_level(path, samples.mean(axis=1, dtype=np.float32), samples)
    return _brought(path, samples, rate)


def load_sound(path: Path) -> Recording:
    """Read a file to be heard as it is: it may be silent, clipped or short, or hold what is not finite.

    Raises:
        RecordingError: the file is missing, not audio, damaged or empty.
        MissingExtraError: soundfile or soxr is not installed.
    """
    samples, rate = _read(path)
    if not len(samples):
        raise RecordingError(f"{path}: empty; give a file with sound in it")
    return _brought(path, samples, rate)


def _brought(path: Path, samples: NDArray[np.float32], rate: int) -> Recording:
    """Mono at 48 kHz."""
    _, soxr = _libraries()
    audio = samples.mean(axis=1, dtype=np.float32)
    if rate != SAMPLE_RATE:
        audio = soxr.resample(audio, rate, SAMPLE_RATE, quality="VHQ").astype(np.float32)
    return Recording(audio, path, _notes(samples.shape[1], rate))


def sample_rate(path: Path) -> int | None:
    """The rate in Hz a file was recorded at; None where it cannot be read (loading it says why)."""
    soundfile, _ = _libraries()
    try:
        rate: int = soundfile.info(path).samplerate
    except (soundfile.SoundFileError, OSError):
        return None
    return rate


def _libraries() -> tuple[ModuleType, ModuleType]:
    try:
        import soundfile
        import soxr
    except ImportError as error:
        raise MissingExtraError(
            f"reading recordings needs {error.name}; install it with: pip install 'ddsp-pi[files]'"
        ) from error
    return soundfile, soxr


def _read(path: Path) -> tuple[NDArray[np.float32], int]:
    """(frames, channels) samples and their rate in Hz."""
    soundfile, _ = _libraries()
    if not path.is_file():
        kind = "a folder, not a file" if path.is_dir() else "no such file"
        raise RecordingError(f"{path}: {kind}; give a recording (wav, flac, …) of one instrument")
    try:
        samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    except (soundfile.SoundFileError, OSError) as error:
        raise RecordingError(
            f"{path}: not audio that can be read, or damaged ({error}); save it again as WAV or FLAC"
        ) from error
    return samples, rate


def _check_length(path: Path, samples: NDArray[np.float32], rate: int) -> None:
    seconds = len(samples) / rate
    if seconds < SHORTEST_S:
        length = f"only {seconds:.3f} s long" if seconds else "empty"
        raise RecordingError(f"{path}: {length}; at least {SHORTEST_S} s of sound is needed")


def _check_finite(path: Path, samples: NDArray[np.float32], rate: int) -> None:
    broken = np.flatnonzero(~np.isfinite(samples).all(axis=1))
    if len(broken):
        raise RecordingError(
            f"{path}: {len(broken)} samples are not numbers, the first at {broken[0] / rate:.3f} s; "
            "export it again"
        )


def _check_clipping(path: Path, samples: NDArray[np.float32], rate: int) -> None:
    starts, lengths = _clipped_runs(samples)
    share = lengths.sum() / samples.size
    if share >= CLIPPED_SHARE:
        raise RecordingError(
            f"{path}: clipped: {lengths.sum()} samples ({share:.1%}) are cut off at full scale, the first at "
            f"{starts.min() / rate:.3f} s; record it again with less gain, or repair it first"
        )


def _clipped_runs(samples: NDArray[np.float32]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """First frame and length of every run of at least 3 samples at full scale, in any channel."""
    at_full_scale = np.pad(np.abs(samples) >= FULL_SCALE, ((1, 1), (0, 0)))
    changes = np.diff(at_full_scale.T.astype(np.int8), axis=1)
    starts, ends = (np.argwhere(changes == way)[:, 1] for way in (1, -1))
    long_enough = ends - starts >= CLIPPED_RUN
    return starts[long_enough], (ends - starts)[long_enough]


def _check_level(path: Path, audio: NDArray[np.float32], samples: NDArray[np.float32]) -> None:
    peak = _decibels(audio)
    if peak >= SILENT_DBFS:
        return
    if _decibels(samples) >= SILENT_DBFS:
        raise RecordingError(
            f"{path}: its channels cancel each other (the sum peaks at {peak:.0f} dBFS); export one of them"
        )
    raise RecordingError(
        f"{path}: silent: its peak is {peak:.0f} dBFS, at least {SILENT_DBFS:.0f} is needed; check the export"
    )


def _decibels(samples: NDArray[np.float32]) -> float:
    return 20.0 * float(np.log10(max(float(np.abs(samples).max()), 1e-10)))


def _notes(channels: int, rate: int) -> tuple[str, ...]:
    mixed = "stereo" if channels == 2 else f"{channels} channels"
    said = {
        f"{mixed} mixed down to mono": channels > 1,
        f"resampled from {rate} Hz to {SAMPLE_RATE} Hz": rate != SAMPLE_RATE,
    }
    return tuple(note for note, true in said.items() if true)
