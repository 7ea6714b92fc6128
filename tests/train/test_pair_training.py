"""M8: an instrument from one recording and its MIDI file, by the command that a musician gives."""

import csv

import msgspec
import numpy as np
import pytest
import yaml

from ddsp_pi.cli import main
from ddsp_pi.frame import SAMPLE_RATE
from ddsp_pi.models.bundle import load_instrument
from ddsp_pi.models.decoder import touch_of
from ddsp_pi.train.run import open_run
from ddsp_pi.train.silences import KEPT_S, PIECE, levels_db
from tests.style.judging import pitch_hz
from tests.train.struck import STYLE, scale, write_pair

SMALL = (
    *("hidden=16", "n_harmonics=20", "n_bands=9", "segment_hops=60", "silence_s=0", "shift_semitones=2"),
    *("pretrain_steps=60", "pretrain_batch=6", "finetune_steps=60", "finetune_batch=3", "finetune_rate=3e-3"),
)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pair")
    write_pair(folder / "data", scale(), late=0.03)
    card = {"name": "plucked", "style": msgspec.to_builtins(STYLE)}
    (folder / "card.yaml").write_text(yaml.safe_dump(card))
    command = ["train", str(folder / "data"), "--midi", "--card", str(folder / "card.yaml"), "--workers", "1"]
    settings = [word for setting in SMALL for word in ("--set", setting)]
    assert main([*command, "-o", str(folder / "run"), *settings]) == 0
    return open_run(folder / "run")


def test_the_loss_falls_in_both_phases(run):
    with (run.folder / "metrics.csv").open() as file:
        rows = list(csv.DictReader(file))
    for phase, share in (("pretrain", 0.8), ("finetune", 0.95)):
        losses = [float(row["loss"]) for row in rows if row["phase"] == phase]
        assert np.mean(losses[-10:]) < share * np.mean(losses[:10])


def test_no_note_is_on_both_sides_however_it_is_shifted(run):
    material = run.material
    held = {note.name for note in material.held_out}
    learned = {note.name.removesuffix(" +2").removesuffix(" -2") for note in material.train}
    assert held
    assert held.isdisjoint(learned)
    assert len(material.train) == 3 * len(learned)
    assert len(held) + len(learned) == len(scale())


def test_recording_and_key_are_shifted_together(run):
    plain = {note.name: note for note in run.material.train if not note.name.endswith(("+2", "-2"))}
    for note in run.material.train:
        name, _, by = note.name.rpartition(" ")
        if name in plain:
            wanted = np.median(plain[name].f0_hz) * 2.0 ** (float(by) / 12.0)
            assert np.median(note.f0_hz) == pytest.approx(wanted, rel=2e-3)
            assert pitch_hz(note.audio[2400:9600], wanted) == pytest.approx(wanted, rel=3e-3)


def test_only_a_fifth_of_a_second_of_silence_is_learned(run):
    """A little more on a tape that runs slower."""
    for note in run.material.train:
        levels = levels_db(note.audio)
        silence = len(levels) - 1 - np.flatnonzero(levels > levels.max() - 60.0)[-1]
        slower = 2.0 ** (2.0 / 12.0) if note.name.endswith("-2") else 1.0
        assert silence * PIECE / SAMPLE_RATE <= KEPT_S * slower + 0.02


def test_what_comes_out_is_played_by_notes(run):
    instrument = load_instrument(run.folder / "plucked.onnx")
    assert instrument.card.style == STYLE
    decoder, levels = instrument.decoder(), []
    for since_s in (0.02, 0.4):
        touch_of(decoder).rows[0][:] = [since_s, 1000.0, 1.0, 0.0, 0.0]
        levels.append(float(np.square(decoder.step([165.0], [-20.0])[0]).sum()))
    assert levels[1] < levels[0]
