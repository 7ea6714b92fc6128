"""Short versions of the long runs: what they report is true; how fast this machine is, is not judged."""

import json
import subprocess
import sys

import pytest

from tests.live.soak import SETTLE_S, soak

GROWTH_MB = 3.0
"""Room for the noise of pages."""


@pytest.mark.real
def test_everything_at_once_for_twenty_seconds(need, tmp_path):
    need("jackd", "jackd2")
    need("jack_lsp", "jack-tools")
    report = soak(20.0, 128, 10_000, tmp_path)
    print(report)
    ours, instruments, memory = report["ours"], report["instruments"], report["memory MB"]
    assert ours["blocks"] > 0.8 * 20.0 * 375
    assert report["zeros"]["calls"] > 0.8 * (20.0 + SETTLE_S) * 375
    assert report["osc"]["sent"] > 100_000
    assert report["osc"]["ping"]["answered"] > 200
    assert instruments["played"] >= 15
    assert instruments["refused"] == 0
    assert report["messages dropped"] == ours["rejected_samples"] == report["restarts"] == 0
    assert report["same engine"]
    assert report["exit code"] == 0
    assert report["volts"]["writes per second"] > 100
    for name, begin in memory["begin"].items():
        assert memory["end"][name] - begin < GROWTH_MB, (name, memory)
    assert memory["end"]["engine"] < 90.0
    times = list(ours["block time, share of the period"].values())
    assert times == sorted(times)
    assert 0.0 < times[0] < 1.0


def test_minutes_of_playing_do_not_grow(tmp_path):
    path = tmp_path / "hour.json"
    command = [sys.executable, "-m", "tests.live.hour", "--minutes", "3", "-o", str(path)]
    subprocess.run(command, check=True, timeout=300)
    report = json.loads(path.read_text())
    assert report["finite"]
    assert report["rejected"] == 0
    assert report["changes"] == 3
    assert report["edges"] > 1000
    assert report["peak"] > 0.05
    assert report["memory_mb"][-1] <= 90.0
    assert report["grown_mb"] <= 1.0
