import csv
import os
import signal
import subprocess
import sys
import time
from dataclasses import fields
from pathlib import Path

import msgspec
import numpy as np
import pytest

from ddsp_pi.cli import main
from ddsp_pi.errors import TrainingError
from ddsp_pi.models.bundle import load_instrument
from ddsp_pi.train.export import Origin
from ddsp_pi.train.features import Job, extract_all
from ddsp_pi.train.run import Plan, begin
from ddsp_pi.train.settings import Settings
from ddsp_pi.train.team import Team
from ddsp_pi.train.workers import BACKENDS, Workers
from tests.train.toy import write_recordings

# Three items for two processes, so that the shares differ; a room, so that not only the decoder learns.
# Its taps amplify the last bits of a sum at higher rates, in one process as in two.
SMALL = Settings(
    hidden=8,
    n_harmonics=12,
    n_bands=5,
    segment_hops=100,
    pretrain_steps=20,
    pretrain_batch=3,
    finetune_steps=15,
    finetune_batch=3,
    finetune_rate=1e-4,
    room_seconds=0.05,
)
HELD_OUT = "toy_03*"
TOLERANCE = 1e-4
"""Of a loss, relative. Measured: 6e-6; without the sum of the gradients: 7e-2."""


@pytest.fixture(scope="module")
def recordings(tmp_path_factory):
    return write_recordings(tmp_path_factory.mktemp("toy") / "toy", files=4, seconds=3.0)


def plan_for(recordings, settings=SMALL):
    return Plan(str(recordings), "*", (HELD_OUT,), 0.1, False, Origin("toy"), settings)


@pytest.fixture(scope="module")
def alone(recordings, tmp_path_factory):
    folder = tmp_path_factory.mktemp("alone")
    begin(folder, plan_for(recordings)).train(save_every_s=60.0)
    return folder


def start_two(recordings, folder, *more):
    torchrun = ["torch.distributed.run", "--standalone", "--nproc-per-node", "2", "--max-restarts", "1"]
    settings = [f"--set={name}={value}" for name, value in msgspec.to_builtins(SMALL).items()]
    train = ["ddsp_pi", "train", str(recordings), "-o", str(folder), "--held-out", HELD_OUT, "--workers", "1"]
    log = (folder.parent / "log").open("w")
    return subprocess.Popen(
        [sys.executable, "-m", *torchrun, "-m", *train, *settings, *more],
        stdout=log,
        stderr=subprocess.STDOUT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )


def assert_finishes(team, log):
    try:
        code = team.wait(timeout=300)
    finally:
        team.terminate()
    assert code == 0, log.read_text()


def curve(folder):
    with (folder / "metrics.csv").open() as file:
        return [(row["step"], row["phase"], float(row["loss"])) for row in csv.DictReader(file)]


def assert_same_curve(one, other):
    assert [row[:2] for row in curve(one)] == [row[:2] for row in curve(other)]
    losses = [[row[2] for row in curve(folder)] for folder in (one, other)]
    np.testing.assert_allclose(*losses, rtol=TOLERANCE)


def test_two_processes_learn_as_one(recordings, alone, tmp_path):
    folder = tmp_path / "run"
    assert_finishes(start_two(recordings, folder), tmp_path / "log")
    assert_same_curve(folder, alone)
    assert load_instrument(folder / "toy.onnx").card.metrics["loss"] > 0.0
    assert len(list((folder / "tensorboard").iterdir())) == 1, "only the leader writes"
    assert (tmp_path / "log").read_text().count("held out: loss") == 1


def test_a_killed_worker_is_started_again_and_goes_on(recordings, alone, tmp_path):
    folder = tmp_path / "run"
    team = start_two(recordings, folder, "--save-every", "0")
    while not ((folder / "metrics.csv").exists() and len(curve(folder)) > 5):
        assert team.poll() is None, (tmp_path / "log").read_text()
        time.sleep(0.01)
    os.kill(process_of_rank(1, team.pid), signal.SIGKILL)
    killed_at = len(curve(folder))
    assert 5 < killed_at < SMALL.pretrain_steps + SMALL.finetune_steps
    assert_finishes(team, tmp_path / "log")
    assert_same_curve(folder, alone)
    # Each start opens a tensorboard file of its own.
    assert len(list((folder / "tensorboard").iterdir())) == 2


def process_of_rank(rank, torchrun):
    children = Path(f"/proc/{torchrun}/task/{torchrun}/children").read_text().split()
    named = f"LOCAL_RANK={rank}".encode()
    return next(
        int(pid) for pid in children if named in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    )


def test_a_batch_smaller_than_the_team_is_refused_before_anything_starts(recordings, tmp_path):
    with pytest.raises(TrainingError, match="4 processes cannot share a batch of 3"):
        begin(tmp_path / "run", plan_for(recordings), team=Team(rank=0, size=4))
    assert not (tmp_path / "run").exists()


def test_every_item_is_somebody_s():
    shares = [list(range(11))[Team(rank, 3).share] for rank in range(3)]
    assert sorted(item for share in shares for item in share) == list(range(11))


class OfTwoMinds(Team):
    def gathered(self, value):
        return [value, "something else"]


def test_a_team_with_different_recordings_is_refused():
    Team().must_agree("recordings", "recordings")
    with pytest.raises(TrainingError, match="different recordings"):
        OfTwoMinds().must_agree("recordings", "recordings")


LIBRARIES = {"dask": "distributed", "ray": "ray"}


@pytest.mark.parametrize("backend", BACKENDS)
def test_features_are_the_same_whoever_makes_them(backend, recordings, alone, tmp_path):
    if backend in LIBRARIES:
        pytest.importorskip(LIBRARIES[backend])
    (tmp_path / "broken.wav").write_bytes(b"RIFFnothing")
    paths = [*sorted(recordings.iterdir()), tmp_path / "broken.wav"]

    def harvest(folder, workers):
        return extract_all([Job(path, folder, SMALL.n_harmonics, SMALL.n_bands) for path in paths], workers)

    made, wanted = harvest(tmp_path / "made", Workers(2, backend)), harvest(alone / "features", Workers())
    assert [text.partition(":")[0] for text in made.refusals] == [str(paths[-1])]
    assert len(made.features) == len(wanted.features) == len(paths) - 1
    for mine, other in zip(made.features, wanted.features, strict=True):
        assert mine.name == other.name
        for field in fields(mine)[1:]:
            # The last bits depend on where in memory a vector begins.
            np.testing.assert_allclose(
                getattr(mine, field.name), getattr(other, field.name), rtol=1e-5, atol=1e-8
            )


@pytest.mark.parametrize("backend", LIBRARIES)
def test_a_backend_that_is_not_installed_says_how_to_get_it(
    backend, recordings, tmp_path, capsys, monkeypatch
):
    for library in ("dask", "distributed", "ray"):
        monkeypatch.delitem(sys.modules, library, raising=False)
    monkeypatch.setattr(sys, "meta_path", [Absent(), *sys.meta_path])
    assert main(["train", str(recordings), "-o", str(tmp_path), "--backend", backend]) == 2
    assert f"pip install 'ddsp-pi[{backend}]'" in capsys.readouterr().err


class Absent:
    """Finds none of the clusters' libraries, whether they are installed or not."""

    def find_spec(self, name, path=None, target=None):
        if name in ("dask", "distributed", "ray"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
