"""An instrument that is played by notes and needs no file: a plucked string in closed form."""

from functools import partial

import msgspec
import numpy as np

from ddsp_pi.dsp.loudness import a_weighting
from ddsp_pi.models.bundle import Instrument, load_instrument
from ddsp_pi.models.card import Controller, Range, SecondBank, Style
from ddsp_pi.models.cards import read_card
from ddsp_pi.models.decoder import silence
from ddsp_pi.models.touch import CONTROLS, GATE, ONSET, RELEASE, Touch
from tests.instruments import changed, with_card

OPENNESS = Controller("openness", "How open the strings are: 0 muted, 1 ringing.", 1.0, 55)
POWER_CHORD = Controller("power_chord", "A fifth beside every note.", 0.0, 56)
ONE_BANK = Style((OPENNESS,))
GUITAR = Style((OPENNESS, POWER_CHORD), SecondBank(1.5, 12, "power_chord"))

OPEN_S, MUTED_S, DAMPED_S = 1.5, 0.15, 0.08
"""Times in which its amplitude falls to 1/e: open, muted, and after a release."""

HIGHEST_HZ = 22_500.0


class Plucked:
    """Amplitudes exp(−t/τ) whose τ is that of the openness; brighter where it is louder, noisy at first."""

    pitch_range_hz, loudness_range_db = Range(30.0, 2000.0), Range(-70.0, -5.0)

    def __init__(self, voices=1, style=GUITAR, n_harmonics=24, noise=0.05, tilt=2.0):
        self.style, self.voices, self.n_bands = style, voices, 65
        self._first, self._noise, self._tilt = n_harmonics, noise, tilt
        self._second = style.second.n_harmonics if style.second else 0
        self.n_harmonics = self._first + self._second
        self.touch = Touch(voices, [controller.default for controller in style.controllers])
        self.steps = 0
        self.answer_into(*silence(voices, self.n_harmonics, self.n_bands))

    def step(self, f0_hz, loudness_db):
        self.steps += 1
        for voice, row in enumerate(self.touch.rows):
            peak = 10.0 ** (loudness_db[voice] / 20.0)
            strength = self.strength(row) * peak
            self._harmonics[voice] = strength * self._spectrum(f0_hz[voice], loudness_db[voice])
            self._noises[voice] = strength * self._noise * np.exp(-row[ONSET] / 0.02)
        return self._harmonics, self._noises

    def strength(self, row):
        """Share of the peak that is left."""
        open_s = MUTED_S * (OPEN_S / MUTED_S) ** row[CONTROLS]
        return np.exp(-row[ONSET] / open_s) * (1.0 if row[GATE] else np.exp(-row[RELEASE] / DAMPED_S))

    def _spectrum(self, f0_hz, loudness_db):
        """Of both banks, each at unit loudness."""
        ratio = self.style.second.ratio if self.style.second else 1.0
        banks = (f0_hz, self._first), (ratio * f0_hz, self._second)
        return np.concatenate([self._bank(*bank, loudness_db) for bank in banks])

    def _bank(self, f0_hz, count, loudness_db):
        numbers = np.arange(1, count + 1)
        amplitudes = numbers ** -(self._tilt - (loudness_db + 40.0) / 40.0) * (numbers * f0_hz < HIGHEST_HZ)
        power = ((a_weighting(numbers * f0_hz) * amplitudes) ** 2).sum() / 2
        return amplitudes / np.sqrt(power) if power else amplitudes

    def answer_into(self, harmonics, noise):
        self._harmonics, self._noises = harmonics, noise

    def reset(self):
        """Nothing is remembered."""

    def forget(self, voice):
        """Nothing is remembered."""


def guitar_file(path, style=GUITAR, name="pluck", **card):
    """A file whose card says that it is played by notes; `plucked_files` lets it play."""
    return changed(path, with_card(name=name, title="Pluck", style=msgspec.to_builtins(style), **card))


def plucked_files(monkeypatch):
    """Let every such file play as a plucked string."""

    def load(path):
        card = read_card(path)
        if card.style is None:
            return load_instrument(path)
        return Instrument(path, card, "onnxruntime", 1000, partial(Plucked, style=card.style))

    for place in ("warm", "library"):
        monkeypatch.setattr(f"ddsp_pi.models.{place}.load_instrument", load)
