"""Toy hits of drums: noise and a tone, brighter and longer when they are struck harder."""

import numpy as np
import soundfile

from ddsp_pi.frame import SAMPLE_RATE

SECONDS = 0.9


def strike(force, seed, tune_hz=190.0, seconds=SECONDS):
    """(n,) samples of a hit, force 0..1."""
    rng = np.random.default_rng(seed)
    times = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    level = 10.0 ** ((force - 1.0) * 30.0 / 20.0)
    noise = rng.standard_normal(len(times))
    # A running mean darkens soft hits.
    width = round(1 + 12 * (1.0 - force))
    noise = np.convolve(noise, np.full(width, 1.0 / np.sqrt(width)), "same")
    tone = np.sin(2.0 * np.pi * tune_hz * times)
    fall_s = 0.05 + 0.1 * force
    hit = 0.25 * noise * np.exp(-times / fall_s) + 0.5 * tone * np.exp(-times / 0.08)
    return (0.5 * level * hit).astype(np.float32)


def write_hits(folder, drums=3, hits=8, suffix="wav"):
    """A folder of so many drums, so many hits each, told apart by the names of the files."""
    folder.mkdir(parents=True, exist_ok=True)
    for drum in range(drums):
        for number in range(hits):
            audio = strike(number / (hits - 1), 100 * drum + number, 170.0 + 25.0 * drum)
            lead = np.zeros(200, np.float32)
            path = folder / f"drum{drum}_hit{number:02}.{suffix}"
            soundfile.write(path, np.concatenate([lead, audio]), SAMPLE_RATE, "PCM_16")
    return folder


def phrase(forces, apart_s=1.0, begin=4000):
    """(n,) samples of hits one after the other over a little noise, and their first samples."""
    step = round(apart_s * SAMPLE_RATE)
    audio = 1e-5 * np.random.default_rng(9).standard_normal(begin + (len(forces) + 1) * step)
    firsts = [begin + number * step for number in range(len(forces))]
    for number, (first, force) in enumerate(zip(firsts, forces, strict=True)):
        hit = strike(force, number)
        audio[first : first + len(hit)] += hit[: len(audio) - first]
    return audio.astype(np.float32), firsts
