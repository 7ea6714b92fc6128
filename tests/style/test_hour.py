"""Minutes of any MIDI on the guitar that ships; hours of it, `python -m tests.style.hour` plays."""

import pytest

from tests.style import hour


@pytest.mark.parametrize(("voices", "seed", "minutes"), [(1, 11, 2.0), (8, 12, 1.0)])
def test_whatever_is_played_no_note_is_stuck(voices, seed, minutes):
    report = hour.hour(minutes, voices=voices, seed=seed, between_s=5.0)
    assert report.stuck == []
    assert report.rejected == 0
    assert 0.01 < report.peak <= 1.0
    assert report.ends > 10 * minutes
    assert report.sounded > 7 * minutes
    assert report.panics >= 3 * minutes
    assert report.notes > 400 * minutes


def test_a_note_that_nobody_ends_is_seen(monkeypatch):
    monkeypatch.setattr(hour, "ENDINGS", {"nothing": lambda down: []})
    report = hour.hour(minutes=0.05, voices=2, seed=1, between_s=1.0)
    assert len(report.stuck) == report.ends > 1
