"""From recorded hits to a mapper, by the command line."""

import csv
import json

import numpy as np
import pytest
import soundfile

from ddsp_pi.cli import main
from ddsp_pi.dsp.drum_presets import drum_preset
from ddsp_pi.frame import SAMPLE_RATE
from ddsp_pi.models.drum_mapper import load_mapper
from tests.train.strikes import phrase, write_hits

FEW = ["--set", "steps=40", "--set", "batch=8", "--set", "rate=0.02"]


@pytest.fixture(scope="module")
def hits(tmp_path_factory):
    return write_hits(tmp_path_factory.mktemp("kit") / "kit")


def train(hits, run, *arguments):
    return main(["train", "--drums", str(hits), "-o", str(run), "--held-out", "drum1", *FEW, *arguments])


@pytest.fixture(scope="module")
def run(hits, tmp_path_factory):
    folder = tmp_path_factory.mktemp("run") / "small"
    assert train(hits, folder, "--mapper", "small") == 0
    return folder


def losses(folder):
    with (folder / "metrics.csv").open() as file:
        return [row["loss"] for row in csv.DictReader(file)]


def test_what_is_learned_is_heard_on_a_drum_that_was_held_out(run):
    card = load_mapper(run / "snare_1.onnx").card
    assert card.held_out == ("drum1",)
    assert "16 hits of 2 drums: drum0, drum2" in card.history[0]
    assert card.metrics["error"] < 0.8 * card.metrics["error_still"]
    assert card.metrics["loudness_rank"] > 0.9
    curve = np.array(losses(run), float)
    assert curve[-10:].mean() < 0.8 * curve[:5].mean()
    assert (run / "held-out.png").stat().st_size > 10_000


def test_the_card_says_what_is_moved_and_what_it_is_measured_by(run):
    card = load_mapper(run / "snare_1.onnx").card
    preset = drum_preset("snare_1")
    assert (card.kind, card.parameters, card.hidden) == ("small", 590, (32,))
    assert (card.values, card.damping) == (preset.values, preset.damping)
    loudness = card.ranges[0]
    assert 25.0 < loudness.high - loudness.low < 45.0
    assert all(middle in ends for middle, ends in zip(card.reference, card.ranges, strict=True))


def test_export_and_evaluate_repeat_the_figures(run, tmp_path, capsys):
    again = tmp_path / "again.onnx"
    assert main(["export", str(run), "-o", str(again)]) == 0
    assert again.read_bytes() == (run / "snare_1.onnx").read_bytes()
    capsys.readouterr()
    assert main(["evaluate", str(run), "--model", str(again), "--json"]) == 0
    figures = json.loads(capsys.readouterr().out.splitlines()[-1])
    metrics = load_mapper(again).card.metrics
    assert {name: figures[name] for name in metrics} == pytest.approx(metrics)
    assert figures["loudness, transient"] > 0.0


def test_direct_optimisation_is_the_better_the_longer_it_lasts(run, monkeypatch, capsys):
    errors = []
    for steps in (1, 30):
        monkeypatch.setattr("ddsp_pi.train.drum_evaluate.ITERATIONS", steps)
        monkeypatch.setattr("ddsp_pi.train.drum_evaluate.RATE", 0.03)
        assert main(["evaluate", str(run), "--direct", "4", "--json"]) == 0
        errors.append(json.loads(capsys.readouterr().out.splitlines()[-1])["error"])
    assert errors[1] < 0.7 * errors[0]


def test_a_run_that_was_stopped_goes_on_where_it_was(hits, run, tmp_path, monkeypatch):
    folder = tmp_path / "stopped"
    from ddsp_pi.train import mapper_loop

    whole = mapper_loop.MapperTrainer._one_step

    def stopping(trainer):
        if trainer.step == 25:
            trainer.save()
            raise KeyboardInterrupt
        return whole(trainer)

    monkeypatch.setattr(mapper_loop.MapperTrainer, "_one_step", stopping)
    assert train(hits, folder, "--mapper", "small") == 130
    monkeypatch.undo()
    assert len(losses(folder)) == 25
    assert train(hits, folder, "--mapper", "small") == 0
    assert losses(folder) == losses(run)
    made, wanted = (load_mapper(place / "snare_1.onnx") for place in (folder, run))
    assert made.card.parity == wanted.card.parity


def test_another_run_in_the_same_folder_is_refused(hits, run, capsys):
    assert train(hits, run, "--mapper", "linear") == 2
    assert "other settings" in capsys.readouterr().err


def test_a_card_and_a_preset_of_your_own(hits, tmp_path):
    (tmp_path / "tin.yaml").write_text("format: 1\nlike: tom_1\nparams:\n  osc1_freq: 300\n")
    (tmp_path / "card.yaml").write_text("name: my-tin\nlicence: CC0-1.0\nattribution: me\n")
    arguments = ["--preset", str(tmp_path / "tin.yaml"), "--card", str(tmp_path / "card.yaml")]
    few = ["--mapper", "linear", "--set", "steps=1"]
    assert train(hits, tmp_path / "run", *arguments, *few) == 0
    card = load_mapper(tmp_path / "run" / "my-tin.onnx").card
    assert (card.preset, card.licence, card.parameters) == ("tin", "CC0-1.0", 42)
    assert card.values[0] == 300.0


def test_one_long_recording_of_one_drum(tmp_path, capsys):
    audio, _ = phrase([1.0, 0.2, 0.6, 0.0, 0.9, 0.4, 0.8, 0.1, 0.5, 0.3])
    soundfile.write(tmp_path / "mine.flac", audio, SAMPLE_RATE, "PCM_24")
    arguments = ["--held-out-share", "0.2", "--set", "steps=1", "--mapper", "linear"]
    run = tmp_path / "run"
    assert main(["train", "--drums", str(tmp_path / "mine.flac"), "-o", str(run), *arguments]) == 0
    said = capsys.readouterr().out
    for words in ("mine.flac: 10 hits", "to learn from: 8 hits of mine", "held out: 2 hits of mine"):
        assert words in said
    assert len(load_mapper(run / "snare_1.onnx").card.held_out) == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--preset", "gong"], "no drum called 'gong'"),
        (["--preset", "nowhere.yaml"], "cannot read nowhere.yaml"),
        (["--set", "stepps=3"], "settings are: steps"),
        (["--set", "balance=3"], "balance"),
        (["--held-out", "drum0_hit01"], "some hits of that drum"),
        (["--only", "cymbal*"], "no wav or flac"),
    ],
)
def test_what_cannot_be_used_is_code_2(hits, tmp_path, capsys, arguments, said):
    assert train(hits, tmp_path / "run", *arguments) == 2
    assert said in capsys.readouterr().err
    assert not list(tmp_path.rglob("*.onnx"))


def test_an_empty_run_says_what_to_do(hits, tmp_path, capsys):
    assert train(hits, tmp_path / "run", "--set", "batch=0") == 2
    assert main(["evaluate", str(tmp_path / "run")]) == 2
    assert "no training run there" in capsys.readouterr().err
