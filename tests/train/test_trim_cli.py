import json
import shutil
import signal
import subprocess
import sys
import time

import pytest

from ddsp_pi.cli import main
from ddsp_pi.models.bundle import load_instrument
from ddsp_pi.train import export
from ddsp_pi.train.networks import BODY_KNOTS
from ddsp_pi.train.run import open_run
from ddsp_pi.train.study import gather
from ddsp_pi.train.units import with_outputs
from tests.train.toy import write_recordings

SMALL = [
    *("hidden=24", "n_harmonics=24", "n_bands=9", "pretrain_steps=40", "pretrain_batch=4"),
    *("finetune_steps=30", "finetune_batch=2", "segment_hops=150", "finetune_rate=3e-3"),
]
SETTINGS = [word for setting in SMALL for word in ("--set", setting)]
BRIEF = ["--teacher-steps", "8", "--steps", "8"]


@pytest.fixture(scope="module", autouse=True)
def briefly():
    """Stream for seconds, not for a minute, before every file; other tests do that."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(export, "STREAM_SECONDS", 2)
        yield


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    recordings = write_recordings(tmp_path_factory.mktemp("toy") / "toy", files=6, seconds=5.0)
    folder = tmp_path_factory.mktemp("run") / "toy"
    assert main(["train", str(recordings), "-o", str(folder), "--workers", "1", *SETTINGS]) == 0
    return folder


@pytest.fixture(scope="module")
def trimmed(run):
    assert main(["trim", str(run), "--to", "8", "--via", "16", *BRIEF]) == 0
    return run / "trim"


def curve(folder):
    return json.loads((folder / "curve.json").read_text())


def test_every_round_is_an_instrument_that_is_smaller_in_every_way(trimmed):
    points = curve(trimmed)
    assert [point["width"] for point in points] == [24, 16, 8]
    for measure in ("parameters", "macs", "bytes"):
        values = [point[measure] for point in points]
        assert values == sorted(values, reverse=True)
    for point in points:
        instrument = load_instrument(trimmed / f"toy-{point['width']}.onnx")
        assert instrument.card.parameters == point["parameters"]
        # The body's knots outside the recordings' range were never moved from zero.
        assert 0 <= point["parameters"] - point["nonzero"] < BODY_KNOTS
        assert instrument.card.metrics == point["metrics"]
        assert instrument.path.stat().st_size == point["bytes"]


def test_the_card_tells_what_was_trimmed(trimmed):
    history = " ".join(load_instrument(trimmed / "toy-8.onnx").card.history)
    assert "24 wide" in history
    assert "trimmed from 24 to 8 wide by residual" in history


def test_an_instrument_with_fewer_harmonics_is_measured_like_any_other(run):
    training = open_run(run)
    fewer = with_outputs(training.trained(), 20, 7)
    instrument, _ = training.export(fewer, run / "fewer.onnx")
    assert (instrument.card.n_harmonics, instrument.card.n_bands) == (20, 9)
    whole = load_instrument(run / "toy.onnx").card.metrics
    assert instrument.card.metrics["loss_oracle"] == whole["loss_oracle"]
    assert instrument.card.metrics["loss_static"] == whole["loss_static"]


def test_the_trimmed_instrument_plays(trimmed, tmp_path):
    performance = tmp_path / "one-note.csv"
    performance.write_text("time_s,cv1,gate1\n0.0,0.0,1\n0.5,0.0,0\n")
    wav = tmp_path / "out.wav"
    argv = ["render", "--mode", "cv", "--model", str(trimmed / "toy-8.onnx"), "--cv", str(performance)]
    assert main([*argv, "-o", str(wav)]) == 0
    assert wav.stat().st_size > 10_000


def test_a_killed_trimming_goes_on_where_it_was(run, trimmed, tmp_path):
    argv = ["trim", str(run), "--to", "8", "--via", "16", *BRIEF, "-o", str(tmp_path), "--save-every", "0"]
    process = subprocess.Popen([sys.executable, "-m", "ddsp_pi", *argv], stdout=subprocess.DEVNULL)
    while not (tmp_path / "width-8" / "checkpoint.pt").exists():
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    begun = (tmp_path / "width-16" / "end.pt").stat().st_mtime_ns
    assert main(argv) == 0
    assert (tmp_path / "width-16" / "end.pt").stat().st_mtime_ns == begun
    again, before = curve(tmp_path), curve(trimmed)
    for one, other in zip(again, before, strict=True):
        assert one["layers"] == other["layers"]
        assert one["metrics"]["loss"] == pytest.approx(other["metrics"]["loss"], abs=5e-3)


@pytest.mark.parametrize(
    "options",
    [
        ["--criterion", "magnitude", "--no-repair"],
        ["--criterion", "variance", "--distil", "0.2"],
        ["--criterion", "information", "--rewind"],
    ],
)
def test_other_ways_to_trim(run, tmp_path, options):
    assert main(["trim", str(run), "--to", "12", *BRIEF, *options, "-o", str(tmp_path)]) == 0
    wide, narrow = curve(tmp_path)
    assert narrow["parameters"] < 0.5 * wide["parameters"]


def test_masking_saves_nothing_in_the_file(run, tmp_path):
    assert (
        main(["trim", str(run), "--to", "12", *BRIEF, "--criterion", "unstructured", "-o", str(tmp_path)])
        == 0
    )
    wide, masked = curve(tmp_path)
    assert masked["nonzero"] < 0.55 * wide["nonzero"]
    for measure in ("parameters", "macs"):
        assert masked[measure] == wide[measure]
    assert masked["bytes"] == pytest.approx(wide["bytes"], rel=0.02)


def test_a_study_compares_and_draws_again_from_what_it_kept(run, trimmed, tmp_path, capsys):
    folder = tmp_path / "study"
    assert main(["study", str(run), str(trimmed), "-o", str(folder)]) == 0
    table = (folder / "table.md").read_text()
    assert table in capsys.readouterr().out
    assert table.count("trimmed by residual") == 2
    assert "static baseline" in table
    assert "oracle" in table
    (folder / "table.md").unlink()
    (folder / "trimming.png").unlink()
    assert main(["study", "-o", str(folder)]) == 0
    assert (folder / "table.md").read_text() == table
    assert (folder / "trimming.png").stat().st_size > 10_000


def test_a_study_tells_two_trimmings_of_one_width_apart_and_times_a_shared_teacher_once(trimmed, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(trimmed, other)
    points = curve(other)
    points[-1]["run_seed"] += 1
    points[-2]["metrics"]["loss"] += 0.1
    (other / "curve.json").write_text(json.dumps(points))
    entries = gather([trimmed, other])
    assert [entry.point.width for entry in entries] == [24, 16, 8, 16, 8]
    assert min(entry.step_us for entry in entries) > 0.0


@pytest.mark.parametrize("width", ["24", "600", "1", "-3"])
def test_a_target_that_is_not_narrower_is_refused(run, tmp_path, capsys, width):
    assert main(["trim", str(run), "--to", width, "-o", str(tmp_path / "new")]) == 2
    assert "24 wide" in capsys.readouterr().err
    assert not (tmp_path / "new").exists()


def test_widths_on_the_way_must_fall(run, tmp_path, capsys):
    assert main(["trim", str(run), "--to", "8", "--via", "12,16", "-o", str(tmp_path / "new")]) == 2
    assert "cannot be trimmed to 16" in capsys.readouterr().err
    assert not (tmp_path / "new").exists()


def test_a_run_without_a_checkpoint_is_refused(run, tmp_path, capsys):
    bare = tmp_path / "bare"
    bare.mkdir()
    shutil.copy(run / "run.json", bare)
    shutil.copytree(run / "features", bare / "features")
    assert main(["trim", str(bare), "--to", "8"]) == 2
    assert "nothing trained yet" in capsys.readouterr().err
    assert sorted(path.name for path in bare.iterdir()) == ["features", "run.json"]


def test_a_folder_with_another_trimming_is_left_alone(run, trimmed, capsys):
    before = (trimmed / "trim.json").read_bytes()
    assert main(["trim", str(run), "--to", "12", *BRIEF]) == 2
    assert "another trimming" in capsys.readouterr().err
    assert (trimmed / "trim.json").read_bytes() == before


def test_a_study_of_nothing_says_so(tmp_path, capsys):
    assert main(["study", "-o", str(tmp_path)]) == 2
    assert "no measured points" in capsys.readouterr().err
    assert main(["study", str(tmp_path), "-o", str(tmp_path / "out")]) == 2
    assert "neither a training run nor a trimming" in capsys.readouterr().err
