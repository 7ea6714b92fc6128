"""The settings are edited while real processes play, into nothing."""

import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from ddsp_pi.cli.reload import asked
from tests.live.ear import Ear
from tests.live.player import Player, children, command_line
from tests.live.test_kills import loudest, wait_for_sound
from tests.programs import free_port

WAIT_S = 60.0


class Edited:
    """`ddsp-pi run --sim` on a file, and what it says."""

    def __init__(self, folder):
        self.file, self.port = folder / "config.yaml", free_port()
        self.write()
        command = [sys.executable, "-m", "ddsp_pi", "run", "--sim", "--config", str(self.file)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.lines = []
        threading.Thread(target=self._read, daemon=True).start()

    def write(self, more="", period=512):
        """As careful editors do: a new file in the place of the old one."""
        beside = self.file.with_suffix(".new")
        head = f"audio: {{backend: 'null', period: {period}}}\nosc: {{port: {self.port}, query_port: 0}}\n"
        beside.write_text(f"{head}{more}\n")
        beside.replace(self.file)

    def said(self, text, times=1):
        """Wait until so many lines had this text."""
        deadline = time.monotonic() + WAIT_S
        while sum(text in line for line in self.lines) < times:
            assert time.monotonic() < deadline, f"no {text!r} in {self.lines}"
            time.sleep(0.02)

    def pid(self, program):
        deadline = time.monotonic() + WAIT_S
        while True:
            for pid in children(self.process.pid):
                if f"ddsp_pi.processes.{program}" in command_line(pid):
                    return pid
            assert time.monotonic() < deadline, self.lines
            time.sleep(0.02)

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(WAIT_S)

    def _read(self):
        for line in self.process.stdout:
            self.lines.append(line.rstrip())


@pytest.fixture
def edited(tmp_path, monkeypatch):
    monkeypatch.setenv("DDSP_PI_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    edited = Edited(tmp_path)
    edited.said("plays the demo")
    yield edited
    edited.process.kill()
    edited.process.wait()


AWAY_NS = 50_000_000
"""Around an xrun, which a busy machine has and which is a corner by itself, nothing is judged."""

QUIET = 0.35
"""Of the usual level, 20 ms at a time: a fade from one sound to another may be so quiet, a gap is not."""


@pytest.mark.real
def test_a_gate_that_is_open_sounds_through_all_that_needs_no_other_sound_card(server, tmp_path):
    jack, tone = server(256), tmp_path / "tone.csv"
    tone.write_text("time_s,cv1,cv2,gate1\n" + "".join(f"{second},0,6,1\n" for second in range(900)))
    jack.start()
    file = tmp_path / "config.yaml"
    with Player(jack, tmp_path, "--cv", str(tone)) as player, Ear(jack.environment, 120.0) as ear:
        wait_for_sound(ear, time.monotonic_ns())
        player.said("plays the demo")
        time.sleep(1.5)
        usual, before, plain = loudest(ear.heard(1.0).samples), len(ear.heard().samples), file.read_text()
        edits = ("voices: 2", "cv: {zero_volt_note: 62}", "params: {noise: 0.9}", "rack: {gate_delay_ms: 1}")
        for more in edits:
            file.write_text(f"{plain}{more}\n")
            player.said(f"{more.partition(':')[0]}")
            time.sleep(1.5)
        player.said("control ended with exit code 0")
        time.sleep(3.0)
        heard = ear.heard()
        print(f"quietest {loudest(heard.samples[before:]).min() / np.median(usual):.2f}")
        assert loudest(heard.samples[before:]).min() > QUIET * np.median(usual)
        corners = [sharpest(piece) for piece in without_xruns(heard, before // jack.period)]
        print(f"sharpest corner of {len(corners)}: {max(corners) / np.median(corners):.2f}")
        assert max(corners) < 2.0 * np.median(corners)
        assert not any("engine ended" in line for line in player.lines)
        assert player.end() == 0


def without_xruns(heard, first, blocks=20):
    """Pieces of 0.1 s of the sound from a block on, those that no xrun has spoilt."""
    for stretch in heard.stretches(AWAY_NS, shortest=blocks):
        for begin in range(max(stretch.begin, first), stretch.end - blocks, blocks):
            yield heard.blocks[begin : begin + blocks].reshape(-1)


def sharpest(samples):
    return float(np.abs(np.diff(samples.astype(np.float64), 2)).max())


EDITS = [
    ("voices: {n}", "voices"),
    ("params: {{tune: {n}}}", "params.tune"),
    ("cv: {{zero_volt_note: 5{n}}}", "cv.zero_volt_note"),
    ("morph_to: cello\nvoices: {n}", "morph_to"),
    ("model: flute\nparams: {{noise: 0.{n}}}", "model"),
]


def test_twenty_edits_need_no_other_engine_and_another_sound_card_just_one(edited, tmp_path):
    engine, control = edited.pid("engine"), edited.pid("control")
    for round_ in range(4):
        for text, name in EDITS:
            edited.write(text.format(n=round_ + 2))
            edited.said(name, sum(name in line for line in edited.lines) + 1)
    assert (edited.pid("engine"), edited.pid("control")) == (engine, control)
    assert not any("plays on" in line or "started again" in line for line in edited.lines)

    edited.write("voices: 2", period=256)
    edited.said("audio.period")
    edited.said("engine ended with exit code 0")
    assert edited.pid("engine") != engine
    assert edited.pid("control") == control

    edited.write("voices: 99", period=256)
    edited.said("voices, line 3")
    edited.write("voices: 2\nrack: {gate_delay_ms: 2}", period=256)
    edited.said("control ended with exit code 0")
    edited.said("plays the demo", 2)
    assert edited.pid("control") != control
    assert sum("engine ended" in line for line in edited.lines) == 1

    assert asked(edited.port) == str(edited.file)
    os.kill(edited.pid("control"), signal.SIGHUP)
    edited.write("voices: 3\nrack: {gate_delay_ms: 2}", period=256)
    edited.said("voices; it plays now", sum("voices; it plays now" in line for line in edited.lines) + 1)

    edited.write("rack: {board: breadboard}")
    edited.said("everything begins anew with the settings as they are now")
    edited.said("plays the demo", 3)
    edited.write("rack: {board: breadboard}\nvoices: 2")
    edited.said("voices; it plays now", sum("voices; it plays now" in line for line in edited.lines) + 1)
    assert edited.end() == 0
    assert not list(tmp_path.glob("ddsp-pi-*"))
