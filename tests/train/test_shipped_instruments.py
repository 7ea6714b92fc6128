"""Every shipped instrument on recordings it never heard, measured again from the file that ships."""

import csv
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch

from ddsp_pi.models.decoder import StaticDecoder
from ddsp_pi.models.library import SHIPPED, open_instrument
from ddsp_pi.train.evaluate import measure, perform
from ddsp_pi.train.export import Origin, streaming_difference
from ddsp_pi.train.features import Job, extract
from ddsp_pi.train.losses import spectral_loss
from ddsp_pi.train.reader import read_decoder
from ddsp_pi.train.settings import Settings
from ddsp_pi.train.take_jobs import TakeJob
from ddsp_pi.train.takes import Sizes, Take
from tests.instruments import BY_NOTES, BY_PITCH
from tests.style.heard import notes, waits_for_what_it_never_heard, way_of

DATA = Path(__file__).parent.parent / "data"
NAMES = sorted(path.stem for path in SHIPPED.glob("*.onnx"))
SIZES = Settings()
"""Recordings are analysed as for training: a trimmed instrument may have fewer harmonics than that."""
FAMILY = {"violin", "alto-sax", "flute", "cello", "voice", "guitar", "style-guitar"}


@cache
def held_out(name, folder):
    card = open_instrument(str(SHIPPED / f"{name}.onnx")).card
    jobs = recordings(card, folder) if card.style is None else takes(card, folder)
    return [extract(job)[0] for job in jobs]


def recordings(card, folder):
    paths = sorted((DATA / card.name).glob("*.flac"))
    return [Job(path, folder, card.n_harmonics, card.n_bands) for path in paths]


def takes(card, folder):
    """The notes of its list, in their order."""
    sizes = Sizes(first_bank(card), card.n_bands, card.style)
    return [
        TakeJob(row.recording, Take(row.note, row.controls, row.release_s), sizes, folder) for row in notes()
    ]


def first_bank(card):
    """How many of the harmonics are those of the pitch."""
    second = card.style.second
    return card.n_harmonics - (second.n_harmonics if second else 0)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("features")


@pytest.fixture(params=NAMES)
def shipped(request):
    return open_instrument(str(SHIPPED / f"{request.param}.onnx"))


def test_the_whole_family_ships():
    assert set(NAMES) == FAMILY


@pytest.mark.parametrize("path", BY_PITCH, ids=lambda path: path.stem)
def test_the_figures_of_the_card_can_be_measured_again(path, folder):
    shipped = open_instrument(str(path))
    card, recordings = shipped.card, held_out(shipped.card.name, folder)
    assert tuple(recording.name for recording in recordings) == card.held_out
    static = StaticDecoder(card.baseline, SIZES.n_harmonics, SIZES.n_bands)
    figures = measure(perform(recordings, shipped.decoder(), static))
    assert figures == pytest.approx(card.metrics, abs=2e-3)


def loss(made, sounds):
    return float(
        spectral_loss(*(torch.from_numpy(audio)[None] for audio in (made, sounds.features.audio)), overlap=4)
    )


@pytest.mark.parametrize("path", BY_NOTES, ids=lambda path: path.stem)
def test_figures_of_notes_can_be_measured_again_and_hold_for_every_way_of_playing(path, folder):
    shipped = open_instrument(str(path))
    waits_for_what_it_never_heard(shipped)
    card, rows = shipped.card, notes()
    recordings = held_out(card.name, folder)
    assert tuple(recording.name for recording in recordings) == card.held_out
    static = StaticDecoder(card.baseline, first_bank(card), card.n_bands)
    sounds = perform(recordings, shipped.decoder(), static)
    assert measure(sounds) == pytest.approx(card.metrics, abs=2e-3)
    for way in sorted({way_of(row.controls) for row in rows}):
        of_way = [one for one, row in zip(sounds, rows, strict=True) if way_of(row.controls) == way]
        below = 1.0 - sum(loss(s.instrument, s) for s in of_way) / sum(loss(s.static, s) for s in of_way)
        print(f"{way}: {len(of_way)} notes, {below:.0%} below a static spectrum with the right decay")
        assert below >= 0.15


TOO_NEAR_ITS_BASELINE = {
    "alto-sax": "its tone hardly changes: even its training notes are only about a fifth below",
    "flute": "twelve pitches, normalised: the loudness does not say how softly it was played",
    "voice": "vowels are neither in the pitch nor in the loudness",
}
OUT_OF_TUNE = {
    "voice": "glides so fast that the judge finds the recordings themselves in tune at 0.88 to 0.92"
}
"""What the shipped instruments do not reach, and why. Whoever mends one is told to take it off the list."""


def known_to_fail(request, shipped, reasons):
    if shipped.card.name in reasons:
        request.applymarker(pytest.mark.xfail(strict=True, reason=reasons[shipped.card.name]))


def test_it_is_well_below_its_static_baseline(request, shipped):
    known_to_fail(request, shipped, TOO_NEAR_ITS_BASELINE)
    assert shipped.card.metrics["below_static"] >= 0.20


def test_it_plays_in_tune(request, shipped):
    known_to_fail(request, shipped, OUT_OF_TUNE)
    assert shipped.card.metrics["pitch_within_20_cents"] >= 0.95


def test_it_streams_for_a_minute_what_torch_plays_at_once(shipped):
    assert streaming_difference(read_decoder(shipped.path, shipped.card), shipped.path, 60.0) <= 1e-4


def test_it_says_whose_recordings_it_learned_from(shipped):
    waits_for_what_it_never_heard(shipped)
    card, unsaid = shipped.card, Origin("none")
    assert card.licence.split("-")[0] in ("CC0", "CC")
    assert "Trained on" in card.attribution
    for field in ("author", "licence", "attribution", "made_from"):
        assert getattr(card, field) not in ("", getattr(unsaid, field))
    assert card.pitch_range_hz.low < card.pitch_range_hz.high
    assert any("trimmed" in step for step in card.history) or card.style is not None


def test_pitch_labels_keep_the_octave_of_the_score(folder):
    with (DATA / "violin" / "score-8_13.csv").open() as file:
        score = [(float(r["start_s"]), float(r["end_s"]), int(r["note"])) for r in csv.DictReader(file)]
    f0_hz = held_out("violin", folder)[-1].f0_hz
    seconds = np.arange(len(f0_hz)) * 128 / 48_000
    heard = 69 + 12 * np.log2(f0_hz / 440.0)
    off = np.concatenate([heard[(seconds >= a) & (seconds < b)] - note for a, b, note in score])
    octaves = np.abs(np.abs(off)[:, None] - (12.0, 24.0)).min(axis=1) < 0.6
    assert octaves.mean() <= 0.01
    assert (np.abs(off) < 0.6).mean() > 0.7
