"""ddsp-pi run as a service: a cable's volts and a gate come in through the kernel, and sound comes out."""

import os
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from tests.guest.inside import listening, panel
from tests.guest.inside.panel import until
from tests.guest.inside.service import CARD, Service, record

CONFIG = f"""
audio: {{backend: alsa, device: {CARD}, period: 512, latency: 8}}
rack: {{board: terminal-tedium-wm8731}}
"""

CENTS = 0.01
POLICY = 38
"""Of a thread: the 41st word of its stat, counted from behind its name."""

STEADY_FRAMES = 10
"""So many of a recording's frames must hold a tone, or nothing was heard that could be measured."""


@pytest.fixture(scope="module")
def lines():
    return panel.lines()


@pytest.fixture(scope="module")
def chip():
    chip = panel.SimulatedConverter()
    chip.connect()
    yield chip
    chip.connect()


@pytest.fixture(scope="module")
def cables(chip):
    return panel.Cables(chip)


@pytest.fixture(scope="module")
def service(lines, cables):
    service = Service()
    service.start(CONFIG)
    assert service.said("plays on Loopback"), service.log()
    assert until(lambda: lines["led"].active)
    yield service
    service.stop()


@pytest.fixture
def heard(record_property):
    """The note in two seconds of what the sound card plays."""

    def heard(name):
        notes = listening.notes(*listening.load(record(name, 2)))
        assert len(notes) >= STEADY_FRAMES
        note = float(np.median(notes))
        record_property(name, f"MIDI note {note:.3f}, from {notes.min():.3f} to {notes.max():.3f}")
        return note

    return heard


@pytest.fixture
def gate(service, lines):
    """Gate 1, open; it closes at the end of the test."""
    lines["gate_in_1"].pull(True)
    time.sleep(0.5)
    yield lines["gate_in_1"]
    lines["gate_in_1"].pull(False)
    assert until(lambda: not lines["gate_out_1"].active)


def stats_of_all_threads(pid):
    """Rows of /proc/PID/task/TID/stat of a process and its children, without their names."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    stats = [path for one in (pid, *children) for path in Path(f"/proc/{one}/task").glob("*/stat")]
    return [path.read_text().rpartition(")")[2] for path in stats]


def note_of(volts):
    return pytest.approx(60.0 + 12.0 * volts, abs=3 * CENTS)


@pytest.mark.parametrize("volts", [0.0, 0.75, 1.5])
def test_volts_are_heard_as_the_note_that_they_are(cables, gate, heard, record_property, volts):
    played = cables.plug(1, volts)
    record_property("the converter's step", f"MIDI note {60.0 + 12.0 * played:.3f}")
    time.sleep(0.5)
    assert heard(f"{volts:g} V") == note_of(played)


def test_the_engine_plays_by_the_card_s_clock_through_alsa(service):
    assert "(ALSA): 512 samples at 48000 Hz" in service.log()


def test_the_engine_has_real_time_from_the_limits_of_its_unit(service):
    policies = {int(row.split()[POLICY]) for row in stats_of_all_threads(service.pid)}
    assert os.SCHED_FIFO in policies


def test_systemd_is_told_what_plays(service):
    assert until(lambda: "violin plays" in service.status(), 30.0), service.status()


def test_nothing_is_heard_without_a_gate(service, lines):
    assert until(lambda: not lines["gate_out_1"].active)
    time.sleep(1.0)
    samples, _ = listening.load(record("silence", 1))
    assert np.abs(samples).max() < listening.FAINT


def test_a_note_is_shown_at_the_gate_outputs_while_it_sounds(service, lines):
    note, trigger = lines["gate_out_1"], lines["gate_out_2"]
    assert not note.active
    lines["gate_in_1"].pull(True)
    assert until(lambda: trigger.active)
    assert until(lambda: note.active and not trigger.active)
    lines["gate_in_1"].pull(False)
    assert until(lambda: not note.active)


def test_the_light_is_steady_and_flickers_with_a_gate(service, lines):
    led = lines["led"]
    assert until(lambda: led.active)
    lines["gate_in_2"].pull(True)
    assert until(lambda: not led.active)
    assert until(lambda: led.active)
    lines["gate_in_2"].pull(False)


def test_a_converter_that_is_cut_off_is_named_and_the_last_note_plays_on(service, chip, cables, gate, heard):
    played = cables.plug(1, 1.0)
    time.sleep(0.5)
    chip.cut_off(1)
    assert service.said("no MCP3208 answers", 5.0), service.log()
    assert heard("cut off") == note_of(played)
    chip.connect()
    assert service.said("the board answers again", 5.0), service.log()
    assert heard("connected") == note_of(played)


def test_a_button_chooses_the_next_instrument(service, lines):
    lines["button_1"].pull(True)
    time.sleep(0.1)
    lines["button_1"].pull(False)
    assert service.said(" plays now, from ", 20.0), service.log()


def test_it_ends_as_asked_with_outputs_and_light_off(service, lines):
    lines["gate_in_1"].pull(True)
    assert until(lambda: lines["gate_out_1"].active)
    assert service.stop() == "success"
    assert not any(lines[name].active for name in ("gate_out_1", "gate_out_2", "led"))
    lines["gate_in_1"].pull(False)
    # Neither process fell on the way.
    assert "started again" not in service.log()


@contextmanager
def finger(line):
    """Holds a button down: a simulated one goes up whenever somebody asks for its line with a pull-up."""
    up = threading.Event()

    def press():
        while not up.wait(0.002):
            line.pull(True)

    pressing = threading.Thread(target=press)
    pressing.start()
    yield
    up.set()
    pressing.join()
    line.pull(False)


def test_a_button_that_is_down_at_the_start_brings_safe_mode(service, lines):
    with finger(lines["button_2"]):
        service.start(CONFIG + "model: cello\n")
    assert service.said("safe mode: a button was held at the start", 30.0), service.log()
    assert until(lambda: "violin plays" in service.status(), 30.0), service.status()
    # SOS, where a ready module would show a steady light.
    assert until(lambda: not lines["led"].active)
    assert until(lambda: lines["led"].active)
    assert service.stop() == "success"
