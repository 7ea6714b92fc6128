"""Seconds of hits, twenty in each; ten minutes of them, `python -m tests.drums.long` plays."""

import pytest

from ddsp_pi.dsp.hits import ROWS
from ddsp_pi.native.library import choose
from tests.drums.long import long


@pytest.mark.parametrize(("kernel", "minutes"), [("native", 0.25), ("numpy", 0.1)])
def test_hits_go_on_without_drift_and_without_denormals(kernel, minutes, request):
    if kernel == "native":
        request.getfixturevalue("compiler")
    with choose(kernel):
        report = long(minutes)
    print(report)
    assert report.played == report.sounded == 1200 * minutes
    assert report.told == (report.played, report.played)
    assert 250 <= report.late[0] <= report.late[1] <= 262
    assert report.drift_samples == 0
    assert report.drift_db < 0.05
    assert abs(report.ringing_drift_db) < 0.5
    assert 2 < report.most_ringing <= ROWS
    assert report.denormals == report.not_finite == 0
    assert 0.1 < report.peak <= 2.0
