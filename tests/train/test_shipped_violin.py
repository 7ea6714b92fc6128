"""The shipped violin on recordings it never heard, measured again from the file that ships."""

import csv
from pathlib import Path

import numpy as np
import pytest

from ddsp_pi.models.decoder import StaticDecoder
from ddsp_pi.models.library import open_instrument
from ddsp_pi.train.evaluate import measure, perform
from ddsp_pi.train.features import Job, extract

DATA = Path(__file__).parent.parent / "data" / "violin"


@pytest.fixture(scope="module")
def phrases(tmp_path_factory):
    card = open_instrument("violin").card
    folder = tmp_path_factory.mktemp("features")
    jobs = [Job(path, folder, card.n_harmonics, card.n_bands) for path in sorted(DATA.glob("*.flac"))]
    return [extract(job)[0] for job in jobs]


def test_these_are_the_recordings_that_were_held_out(phrases):
    assert tuple(phrase.name for phrase in phrases) == open_instrument("violin").card.held_out


def test_the_figures_of_the_card_can_be_measured_again(phrases):
    violin = open_instrument("violin")
    static = StaticDecoder(violin.card.baseline, violin.card.n_harmonics, violin.card.n_bands)
    figures = measure(perform(phrases, violin.decoder(), static))
    assert figures == pytest.approx(violin.card.metrics, abs=2e-3)


def test_pitch_labels_keep_the_octave_of_the_score(phrases):
    with (DATA / "score-8_13.csv").open() as file:
        score = [(float(r["start_s"]), float(r["end_s"]), int(r["note"])) for r in csv.DictReader(file)]
    f0_hz = phrases[-1].f0_hz
    seconds = np.arange(len(f0_hz)) * 128 / 48_000
    heard = 69 + 12 * np.log2(f0_hz / 440.0)
    off = np.concatenate([heard[(seconds >= a) & (seconds < b)] - note for a, b, note in score])
    octaves = np.abs(np.abs(off)[:, None] - (12.0, 24.0)).min(axis=1) < 0.6
    assert octaves.mean() <= 0.01
    assert (np.abs(off) < 0.6).mean() > 0.7
