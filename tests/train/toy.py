"""A toy instrument: two minutes of glides whose spectrum follows pitch and loudness, in 12 files."""

import numpy as np
import soundfile

from ddsp_pi.frame import SAMPLE_RATE


def phrase(seed, seconds=10.0):
    rng = np.random.default_rng(seed)
    n = int(seconds * SAMPLE_RATE)
    t = np.arange(n) / SAMPLE_RATE
    notes = rng.choice([57, 60, 62, 64, 67, 69, 72], int(seconds * 2) + 1)[(t * 2).astype(int)]
    f0_hz = 440.0 * 2.0 ** ((notes + 0.2 * np.sin(2 * np.pi * 5 * t) - 69) / 12)
    phase = 2 * np.pi * np.cumsum(f0_hz) / SAMPLE_RATE
    swell = 0.2 + 0.8 * np.abs(np.sin(2 * np.pi * (0.5 + 0.1 * seed % 0.4) * t))
    # Louder is brighter, and odd harmonics prevail: something to learn.
    audio = sum(
        swell ** (1 + 0.3 * k) * (1.0 if k % 2 else 0.3) / k * np.sin(k * phase) for k in range(1, 20)
    )
    audio += 0.01 * swell * rng.standard_normal(n)
    return (0.15 * audio).astype(np.float32)


def write_recordings(folder, files=12, seconds=10.0):
    folder.mkdir(parents=True, exist_ok=True)
    for seed in range(files):
        soundfile.write(folder / f"toy_{seed:02}.wav", phrase(seed, seconds), SAMPLE_RATE, "PCM_16")
    return folder
