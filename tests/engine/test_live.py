"""The live engine against a real JACK server with its dummy driver."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from pythonosc.udp_client import SimpleUDPClient

from ddsp_pi.dsp.pitch import PitchTracker
from ddsp_pi.rack.performance import load_performance
from ddsp_pi.shipped import configs_folder

pytestmark = pytest.mark.real

OSC_PORT = 9107


@pytest.fixture
def jack(need, monkeypatch, tmp_path):
    need("jackd", "jackd2")
    need("jack_capture", "jack-capture")
    # A name of its own: a server that was killed leaves things behind under its name.
    name = f"ddsp-pi-{tmp_path.name}"[:60]
    monkeypatch.setenv("JACK_DEFAULT_SERVER", name)
    monkeypatch.setenv("JACK_NO_AUDIO_RESERVATION", "1")
    command = ["jackd", "-n", name, "-d", "dummy", "-r", "48000", "-p", "256"]
    with (
        (tmp_path / "jackd.log").open("w") as log,
        subprocess.Popen(command, stdout=log, stderr=log) as server,
    ):
        wait_for("system:playback_1")
        yield server
        server.terminate()


def ports():
    return subprocess.run(["jack_lsp"], capture_output=True, text=True, check=False).stdout.split()


def wait_for(port, seconds=15.0):
    deadline = time.monotonic() + seconds
    while port not in ports():
        assert time.monotonic() < deadline, f"{port} did not appear; there are {ports()}"
        time.sleep(0.1)


@pytest.fixture
def player(jack, tmp_path):
    settings = tmp_path / "config.yaml"
    settings.write_text(f"audio: {{device: system}}\nosc: {{port: {OSC_PORT}}}\n")
    players = []

    def start(*arguments):
        command = [sys.executable, "-m", "ddsp_pi", "run", "--sim", "--config", str(settings), *arguments]
        players.append(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True))
        wait_for("PortAudio:out_0")
        return players[-1]

    yield start
    for process in players:
        process.kill()
        process.communicate()


def capture(path, seconds):
    command = ["jack_capture", "-d", str(seconds), "-c", "1", "-f", "wav", "-b", "FLOAT", "--disable-console"]
    command += ["-p", "PortAudio:out_0", str(path)]
    subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=True, timeout=30 + seconds)
    import soundfile

    audio, rate = soundfile.read(path, dtype="float32")
    assert rate == 48_000
    return audio


def heard_notes(audio, held_hops=24):
    """MIDI notes that are held for 64 ms or longer, rounded."""
    pitches = [p.f0_hz if p.voiced else 1.0 for p in PitchTracker(150.0).process(audio)]
    notes = np.rint(69 + 12 * np.log2(np.array(pitches) / 440.0)).astype(int)
    ends = np.flatnonzero(np.diff(notes, append=-999)) + 1
    runs = zip(np.diff(ends, prepend=0), notes[ends - 1], strict=True)
    return {int(note) for length, note in runs if length >= held_hops and note > 0}


def test_the_demo_sounds_through_jack_until_a_note_arrives(player, tmp_path):
    line = configs_folder() / "performances" / "sequencer-line.csv"
    process = player("--cv", str(line))
    heard = heard_notes(capture(tmp_path / "demo.wav", 4))
    performance = load_performance(line)
    played = {round(60 + 12 * volts) for volts in performance.volts[:, 0]}
    assert len(heard & played) >= 5
    assert len(heard - played) <= 2

    SimpleUDPClient("127.0.0.1", OSC_PORT).send_message("/ddsp/note", [71.0, 0.8])
    time.sleep(1.0)
    assert heard_notes(capture(tmp_path / "note.wav", 2)) == {71}

    SimpleUDPClient("127.0.0.1", OSC_PORT).send_message("/ddsp/note", [71.0, 0.0])
    time.sleep(1.0)
    assert np.abs(capture(tmp_path / "silence.wav", 1)).max() < 1e-3

    process.send_signal(signal.SIGTERM)
    said, _ = process.communicate(timeout=10)
    assert process.returncode == 0
    assert "xruns" in said


def test_a_dead_audio_server_ends_the_player_with_a_reason(player, jack):
    process = player()
    jack.kill()
    said, _ = process.communicate(timeout=20)
    assert process.returncode == 1
    assert "audio device stopped" in said


def test_a_device_that_is_not_there_is_said(jack, tmp_path):
    command = [sys.executable, "-m", "ddsp_pi", "run", "--sim", "--device", "theremin"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, env=os.environ, check=False)
    assert done.returncode == 1
    assert "theremin" in done.stderr
    assert "system" in done.stderr
