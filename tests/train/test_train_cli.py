import csv
import json
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import soundfile

from ddsp_pi.cli import main
from ddsp_pi.models.bundle import load_instrument
from tests.train.toy import write_recordings

SMALL = [
    *("hidden=16", "n_harmonics=24", "n_bands=9", "pretrain_steps=60", "pretrain_batch=4"),
    *("finetune_steps=80", "finetune_batch=2", "segment_hops=150", "finetune_rate=3e-3"),
]
SETTINGS = [word for setting in SMALL for word in ("--set", setting)]


@pytest.fixture(scope="module")
def recordings(tmp_path_factory):
    return write_recordings(tmp_path_factory.mktemp("toy") / "toy", files=6, seconds=5.0)


@pytest.fixture(scope="module")
def run(recordings, tmp_path_factory):
    folder = tmp_path_factory.mktemp("run") / "toy"
    assert main(["train", str(recordings), "-o", str(folder), "--workers", "1", *SETTINGS]) == 0
    return folder


def curve(folder):
    with (folder / "metrics.csv").open() as file:
        return [(row["step"], row["phase"], row["loss"]) for row in csv.DictReader(file)]


def test_loss_falls_in_both_phases(run):
    rows = curve(run)
    for phase, share in (("pretrain", 0.9), ("finetune", 0.97)):
        losses = [float(loss) for _, name, loss in rows if name == phase]
        assert np.mean(losses[-10:]) < share * np.mean(losses[:10])


def test_the_run_ends_in_an_instrument_with_its_figures(run):
    card = load_instrument(run / "toy.onnx").card
    assert card.metrics["loss"] < card.metrics["loss_static"]
    assert card.metrics["loss_oracle"] < card.metrics["loss"]
    assert card.held_out == ("toy_05",) or len(card.held_out) == 1
    assert (run / "held-out.png").stat().st_size > 10_000
    assert any((run / "tensorboard").iterdir())
    assert not (run / "sinusoids.f16").exists()


def test_export_and_evaluate_repeat_the_figures(run, tmp_path, capsys):
    again = tmp_path / "again.onnx"
    assert main(["export", str(run), "-o", str(again)]) == 0
    assert load_instrument(again).card.metrics == load_instrument(run / "toy.onnx").card.metrics
    capsys.readouterr()
    assert main(["evaluate", str(run), "--model", str(again), "--json"]) == 0
    figures = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert figures == pytest.approx(load_instrument(again).card.metrics)


def test_a_killed_run_resumes_to_the_same_curve(run, recordings, tmp_path):
    folder = tmp_path / "killed"
    command = [sys.executable, "-m", "ddsp_pi", "train", str(recordings), "-o", str(folder), "--workers", "1"]
    silent = {"stderr": subprocess.DEVNULL, "stdout": subprocess.DEVNULL}
    first = subprocess.Popen([*command, *SETTINGS, "--save-every", "0.2"], **silent)
    deadline = time.monotonic() + 120
    while not ((folder / "metrics.csv").exists() and len(curve(folder)) > 20):
        assert first.poll() is None, "it ended before it could be killed"
        assert time.monotonic() < deadline
        time.sleep(0.02)
    first.send_signal(signal.SIGKILL)
    first.wait()
    killed_at = len(curve(folder))
    assert 20 < killed_at < 140
    assert main(["train", str(recordings), "-o", str(folder), "--workers", "1", *SETTINGS]) == 0
    resumed, straight = curve(folder), curve(run)
    assert [row[:2] for row in resumed] == [row[:2] for row in straight]
    # The last bits depend on where memory happens to lie; a lost optimizer state costs a hundred times this.
    losses = [[float(row[2]) for row in rows] for rows in (resumed, straight)]
    np.testing.assert_allclose(*losses, rtol=5e-4)


def test_a_folder_with_another_run_is_left_alone(run, recordings, capsys):
    assert main(["train", str(recordings), "-o", str(run), "--set", "hidden=8"]) == 2
    assert "other settings" in capsys.readouterr().err


def test_a_folder_without_a_run_is_said(tmp_path, capsys):
    assert main(["export", str(tmp_path), "-o", str(tmp_path / "x.onnx")]) == 2
    assert main(["evaluate", str(tmp_path)]) == 2
    assert "no training run there" in capsys.readouterr().err


BAD = {
    "no such folder": (lambda folder: folder / "none", "no such folder"),
    "nothing in it": (lambda folder: folder, "no wav or flac"),
}


@pytest.mark.parametrize("name", BAD)
def test_unusable_data_is_code_2(name, tmp_path, capsys):
    choose, said = BAD[name]
    (tmp_path / "empty").mkdir()
    assert main(["train", str(choose(tmp_path / "empty")), "-o", str(tmp_path / "run")]) == 2
    assert said in capsys.readouterr().err


def test_two_sample_rates_look_like_two_instruments(tmp_path, capsys):
    data = write_recordings(tmp_path / "toy", files=3, seconds=3.0)
    audio, _ = soundfile.read(data / "toy_00.wav")
    soundfile.write(data / "toy_00.wav", audio, 44_100)
    run = tmp_path / "run"
    arguments = ["train", str(data), "--held-out", "toy_02*", "--workers", "1", *SETTINGS]
    assert main([*arguments, "-o", str(run)]) == 2
    said = capsys.readouterr().err
    for part in ("1 at 44100 Hz", "2 at 48000 Hz", "toy_00.wav", "--only", "--any-rate"):
        assert part in said
    assert not list(run.glob("*.onnx"))
    steps = ["--set", "pretrain_steps=1", "--set", "finetune_steps=1"]
    assert main([*arguments, *steps, "--any-rate", "-o", str(tmp_path / "other")]) == 0


def test_a_folder_without_pitched_sound_is_refused(tmp_path, capsys):
    rng = np.random.default_rng(0)
    for name in range(3):
        soundfile.write(tmp_path / f"noise_{name}.wav", 0.1 * rng.standard_normal(96_000), 48_000)
    run = tmp_path / "run"
    assert main(["train", str(tmp_path), "-o", str(run), "--workers", "1"]) == 2
    assert "no pitched sound" in capsys.readouterr().err
    assert not list(run.glob("*.onnx"))


def test_an_unknown_setting_names_those_there_are(recordings, tmp_path, capsys):
    assert main(["train", str(recordings), "-o", str(tmp_path / "r"), "--set", "widht=3"]) == 2
    error = capsys.readouterr().err
    assert "widht" in error
    assert "hidden" in error


def test_unusable_recordings_are_refused_or_left_out_when_asked(tmp_path, capsys):
    data = write_recordings(tmp_path / "toy", files=4, seconds=3.0)
    soundfile.write(data / "silent.wav", np.zeros(48_000, np.float32), 48_000)
    soundfile.write(data / "clipped.wav", np.clip(3 * np.sin(np.arange(48_000) / 20), -1, 1), 48_000)
    (data / "corrupt.wav").write_bytes(b"RIFFnothing")
    mono, rate = soundfile.read(data / "toy_00.wav")
    soundfile.write(data / "toy_00.wav", np.stack([mono, mono], axis=1), rate)
    steps = ["--set", "pretrain_steps=2", "--set", "finetune_steps=1"]
    arguments = ["train", str(data), "--held-out", "toy_03*", "--workers", "1", *SETTINGS, *steps]
    assert main([*arguments, "-o", str(tmp_path / "refused")]) == 2
    refused = capsys.readouterr().err
    # A short room, so that this way of training is walked too.
    room = ["--set", "room_seconds=0.1"]
    assert main([*arguments, *room, "-o", str(tmp_path / "run"), "--skip-unusable"]) == 0
    said = capsys.readouterr().out
    for word in ("silent.wav", "clipped.wav", "corrupt.wav"):
        assert word in refused
        assert word in said
    assert "stereo" in said
    assert load_instrument(tmp_path / "run" / "toy.onnx").card.held_out == ("toy_03",)
