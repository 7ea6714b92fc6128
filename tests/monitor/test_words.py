import json
import math
import os
import sys
import time

import msgspec
import pytest

from ddsp_pi.config import load_config
from ddsp_pi.monitor.reading import Reading
from ddsp_pi.monitor.screen import Screen, form, print_line
from ddsp_pi.monitor.view import Viewer
from ddsp_pi.monitor.words import line, table

NAN = math.nan


def viewer(tmp_path, settings=""):
    file = tmp_path / "config.yaml"
    file.write_text(settings)
    return Viewer(load_config(file if settings else None))


@pytest.fixture
def reading():
    reading = Reading(
        volts=(0.7525, -2.0, NAN),
        noise_volts=(0.8 / 1200, 1.0 / 600, NAN),
        gates={2: True, 1: False},
        load=0.314,
        worst_load=0.58,
        xruns=1,
        instrument="violin",
    )
    reading.press(2, True)
    return reading


def seen(viewer, reading):
    return viewer.view(reading, time.monotonic(), 0.0)


def test_a_line_says_all_of_it(tmp_path, reading):
    reading.complain("the converter is stuck")
    assert line(seen(viewer(tmp_path), reading)) == (
        "CV 1 +0.752 V A4 +3 c, CV 2 -2.000 V, CV 3 —, gate 2 high, button 2 held, "
        "violin, load 31%, worst 58%, 1 xrun, the converter is stuck"
    )


def test_a_table_has_a_line_for_each_jack(tmp_path, reading):
    reading.complain("the converter is stuck")
    assert table(seen(viewer(tmp_path), reading)) == [
        "violin, load 31%, worst 58%, 1 xrun",
        "",
        "CV 1   +0.752 V   note             A4 +3 c      noise 0.8 c",
        "CV 2   -2.000 V   loudness                      noise 2.0 c",
        "CV 3          —   brightness",
        "",
        "gates    1 low    2 high",
        "buttons  button 2 held",
        "trouble  the converter is stuck",
    ]


def test_json_has_numbers_and_null_for_what_is_not_known(tmp_path, reading):
    found = json.loads(msgspec.json.encode(seen(viewer(tmp_path), reading)))
    assert found["jacks"][0] == {
        "jack": "cv1",
        "volts": 0.7525,
        "plays": "note",
        "note": 69.03,
        "name": "A4 +3 c",
        "noise_cents": 0.8,
    }
    assert found["jacks"][2]["volts"] is found["jacks"][2]["noise_cents"] is found["jacks"][2]["note"] is None
    assert found["gates"] == {"1": False, "2": True}
    assert found["buttons"] == [{"button": 2, "held": True}]
    assert [found[key] for key in ("load", "worst_load", "xruns")] == [0.314, 0.58, 1]
    assert (found["instrument"], found["trouble"]) == ("violin", "")


def test_where_nothing_is_known_nothing_is_claimed(tmp_path):
    view = seen(viewer(tmp_path), Reading())
    assert (view.load, view.worst_load, view.xruns) == (None, None, None)
    assert line(view) == ""
    assert table(view)[0] == "nothing plays"


ROUTES = """
cv:
  zero_volt_note: 36
  routes:
    - {jack: cv1, to: note, law: v_oct, volts: [-1, 3], attenuverter: 0.5, offset: 1}
    - {jack: cv2, to: note_2, law: v_oct}
    - {jack: cv2, to: loudness}
    - {jack: gate4, to: brightness}
"""


@pytest.mark.parametrize(
    ("volts", "name"),
    [(0.0, "C3 +0 c"), (2.0, "C4 +0 c"), (2.01, "C4 +6 c"), (99.0, "C5 +0 c"), (-99.0, "C1 +0 c")],
)
def test_notes_follow_the_route_of_the_jack(tmp_path, volts, name):
    jack = seen(viewer(tmp_path, ROUTES), Reading(volts=(volts, 0.0))).jacks[0]
    assert (jack.plays, jack.name) == ("note", name)


def test_a_jack_can_play_several_things(tmp_path):
    jacks = seen(viewer(tmp_path, ROUTES), Reading(volts=(0.0, -5.0, 1.0))).jacks
    assert (jacks[1].plays, jacks[1].name) == ("note_2, loudness", "C-3 +0 c")
    assert (jacks[2].plays, jacks[2].name) == ("", "")


def test_only_buttons_that_were_pressed_lately_are_shown(tmp_path, reading):
    now_s = time.monotonic()
    assert viewer(tmp_path).view(reading, now_s, now_s).buttons == ()


def test_on_a_terminal_a_table_is_drawn_over_the_last_one(tmp_path, reading, capsys, monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    screen = form(as_json=False)
    view = seen(viewer(tmp_path), reading)
    screen(view)
    first = capsys.readouterr().out
    screen(view)
    second = capsys.readouterr().out
    assert first.count("\n") == len(table(view))
    assert first.startswith("violin")
    assert second == f"\033[{len(table(view))}A{first}"


def draw(screen, view, capsys):
    screen(view)
    return capsys.readouterr().out.removesuffix("\033[J").splitlines()


def test_a_long_line_is_broken_and_a_long_table_is_cut(tmp_path, reading, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "30")
    monkeypatch.setenv("LINES", "40")
    reading.complain("The converter does not answer, see the wires.")
    view, screen = seen(viewer(tmp_path), reading), Screen()
    lines = [text.removesuffix("\033[K") for text in draw(screen, view, capsys)]
    assert "".join(lines) == "".join(table(view))
    assert max(map(len, lines)) == 29
    monkeypatch.setenv("LINES", "5")
    drawn = draw(screen, view, capsys)
    assert drawn[0].startswith(f"\033[{len(lines)}A")
    assert len(drawn) == 4
    assert draw(screen, view, capsys)[0].startswith("\033[4A")


def test_json_is_json_on_a_terminal_too(tmp_path, reading, capsys, monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    form(as_json=True)(seen(viewer(tmp_path), reading))
    assert json.loads(capsys.readouterr().out)["instrument"] == "violin"


def test_where_nobody_watches_there_are_lines(monkeypatch):
    with open(os.devnull, "w") as nowhere:
        monkeypatch.setattr(sys, "stdout", nowhere)
        assert form(as_json=False) is print_line


def test_the_input_is_told_where_the_mode_listens(tmp_path, reading):
    assert reading.take("/ddsp/input", (0.1, 0, 0.001))
    view = seen(viewer(tmp_path), reading)
    assert line(view).endswith("1 xrun, input -20 dBFS")
    assert (view.input_level, view.input_clipped, view.input_offset) == (0.1, False, 0.001)
    reading.take("/ddsp/input", (1.0, 1, -0.25))
    assert table(seen(viewer(tmp_path), reading))[0].endswith("input 0 dBFS clipped offset -25%")
    reading.take("/ddsp/input", (0.0, 0, 0.0))
    assert line(seen(viewer(tmp_path), reading)).endswith("input -80 dBFS")
