"""PortAudio on real servers: JACK with its dummy driver, and ALSA's own null and file devices."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

pytestmark = pytest.mark.real

PLAYER = """
import json, os, signal, sys, threading
import numpy as np
from ddsp_pi.engine.audio import AudioSettings
from ddsp_pi.engine.backends import open_audio
from ddsp_pi.engine.telemetry import Telemetry
from ddsp_pi.errors import DdspPiError

settings, hz = AudioSettings(**json.loads(sys.argv[1])), float(sys.argv[2])
stop, telemetry, position, after, sums = threading.Event(), Telemetry(), 0, 0, np.zeros(4)
signal.signal(signal.SIGTERM, lambda *_: stop.set())

def render(out, heard):
    global position, after
    after += stop.is_set()
    time = (position + np.arange(len(out))) / 48_000
    out[:] = 0.25 * np.sin(2 * np.pi * hz * time) if not stop.is_set() else 0.0
    # How much of what is heard is a tone of that pitch, and how much it is in all.
    # A dropped period turns the tone's phase, so the tone is looked for in 43 ms at a time.
    turns = np.exp(2j * np.pi * hz * time) @ heard
    sums[:2] += turns.real, turns.imag
    sums[3] += heard @ heard
    position += len(out)
    if position % 2048 < len(out):
        sums[2] += np.hypot(*sums[:2])
        sums[:2] = 0.0

def say(text):
    print(text, flush=True)

try:
    open_audio(settings, telemetry, say).run(render, stop, lambda: after >= 20)
except DdspPiError as error:
    say(f"{type(error).__name__}: {error}")
    os._exit(1)
level = 2 * sums[2] / max(position, 1)
say(json.dumps({"samples": position, "tone": level, "power": sums[3] / max(position, 1), "after": after}))
"""


class Process:
    """A player in a process of its own; `lines` is what it has said."""

    def __init__(self, settings, hz=440.0, env=None):
        command = [sys.executable, "-c", PLAYER, json.dumps(settings), str(hz)]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ | (env or {})
        )
        self.lines = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.append(line.rstrip())

    def said(self, text, seconds=15.0):
        deadline = time.monotonic() + seconds
        while not (found := [line for line in self.lines if text in line]):
            assert time.monotonic() < deadline, f"no {text!r} in {self.lines}"
            time.sleep(0.01)
        return found[0]

    def end(self):
        """Its report."""
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(10) == 0, (self.lines, self.process.stderr.read())
        self._reader.join(5)
        return json.loads(self.lines[-1])

    def close(self):
        self.process.kill()
        self.process.wait()
        self._reader.join(5)
        self.process.stderr.close()
        self.process.stdout.close()


@pytest.fixture
def play():
    players = []

    def play(settings, hz=440.0, env=None):
        players.append(Process(settings, hz, env))
        return players[-1]

    yield play
    for player in players:
        player.close()


@pytest.fixture
def server(need, monkeypatch, tmp_path):
    """Starts JACK servers, all under one name of this test's own."""
    need("jackd", "jackd2")
    need("jack_lsp", "jack-tools")
    name = f"ddsp-pi-{os.getpid()}-{tmp_path.name}"[:60]
    monkeypatch.setenv("JACK_DEFAULT_SERVER", name)
    monkeypatch.setenv("JACK_NO_AUDIO_RESERVATION", "1")
    servers = []

    def start(period=128, rate_hz=48_000):
        command = ["jackd", "-n", name, "--realtime", "-P", "70", "-d", "dummy"]
        command += ["-r", str(rate_hz), "-p", str(period), "-C", "2", "-P", "2"]
        log = (tmp_path / "jackd.log").open("a")
        with log:
            servers.append(subprocess.Popen(command, stdout=log, stderr=log))
        wait_for_port("system:playback_1")
        return servers[-1]

    yield start
    if any(jackd.poll() == -signal.SIGKILL for jackd in servers):
        # One that was killed keeps one of the eight places that this machine has for servers,
        # until another of its name ends in peace.
        start()
    for jackd in servers:
        jackd.terminate()
        jackd.wait(10)
    for left in Path("/dev/shm").glob(f"jack_sem.*_{name}_*"):
        left.unlink()


def jack(*command):
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.split()


def wait_for_port(port, seconds=15.0):
    deadline = time.monotonic() + seconds
    while port not in (ports := jack("jack_lsp")):
        assert time.monotonic() < deadline, f"{port} did not appear; there are {ports}"
        time.sleep(0.1)


def recorded(path, seconds, port="PortAudio:out_0"):
    command = ["jack_capture", "-d", str(seconds), "-c", "1", "-f", "wav", "-b", "FLOAT", "--disable-console"]
    subprocess.run(
        [*command, "-p", port, str(path)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=True,
        timeout=60,
    )
    return soundfile.read(path, dtype="float64")


def pitch_hz(audio, rate_hz):
    """Of a steady tone: from the phase that it gains between two halves of a window."""
    half = len(audio) // 2
    window = np.hanning(half)
    spectrum = np.abs(np.fft.rfft(audio[:half] * window))
    low = np.argmax(spectrum)
    time_s = np.arange(half) / rate_hz
    turn = window * np.exp(-2j * np.pi * (low * rate_hz / half) * time_s)
    gained = np.angle((turn @ audio[half : 2 * half]) / (turn @ audio[:half]))
    # The bin itself turns by whole cycles over one half.
    return (low + gained / (2 * np.pi)) * rate_hz / half


def test_a_tone_through_jack_keeps_its_pitch(server, play, need, tmp_path):
    need("jack_capture", "jack-capture")
    server()
    player = play({"backend": "jack", "device": "system"}, 440.0)
    assert "system (JACK): 128 samples at 48000 Hz" in player.said("plays on")
    wait_for_port("PortAudio:out_1")
    audio, rate_hz = recorded(tmp_path / "tone.wav", 3)
    held = audio[rate_hz // 2 : 2 * rate_hz]
    assert rate_hz == 48_000
    assert pitch_hz(held[:12_000], rate_hz) == pytest.approx(440.0, abs=0.2)
    assert np.abs(held).max() == pytest.approx(0.25, abs=0.01)
    report = player.end()
    assert report["samples"] > 48_000
    # It was called on until its sound had faded.
    assert report["after"] >= 20


def test_a_server_at_another_rate_hears_the_same_pitch(server, play, need, tmp_path):
    need("jack_capture", "jack-capture")
    server(rate_hz=44_100)
    player = play({"backend": "jack"}, 440.0)
    line = player.said("plays on")
    assert "at 44100 Hz" in line
    assert "resampled from 48000 Hz, 5." in line
    audio, rate_hz = recorded(tmp_path / "tone.wav", 2)
    assert rate_hz == 44_100
    assert pitch_hz(audio[rate_hz // 2 :][:12_000], rate_hz) == pytest.approx(440.0, abs=0.2)


def test_a_server_at_another_rate_cannot_be_listened_to(server, play):
    server(rate_hz=44_100)
    player = play({"backend": "jack", "inputs": 1})
    assert "44100 Hz, and a mode that listens needs 48000" in player.said("AudioError")


@pytest.mark.parametrize("inputs", [1, 2])
def test_a_tone_from_another_client_is_heard(server, play, inputs):
    server()
    listener = play({"backend": "jack", "inputs": inputs}, 660.0)
    listener.said("plays on")
    # Without inputs of its own this one plays to the speakers; a cable leads from there to the listener.
    singer = play({"backend": "jack"}, 660.0)
    singer.said("plays on")
    for ear in range(inputs):
        connected = subprocess.run(
            ["jack_connect", "PortAudio-01:out_0", f"PortAudio:in_{ear}"], capture_output=True, check=False
        )
        assert connected.returncode == 0, (connected.stderr, jack("jack_lsp"))
    time.sleep(2.0)
    heard = listener.end()
    # Heard for two thirds of the time or more.
    assert heard["power"] > 0.01
    assert heard["tone"] > 0.03


def test_a_period_of_the_server_s_own_is_said(server, play):
    server(period=256)
    assert "256 samples" in (line := play({"backend": "jack", "period": 64}).said("plays on"))
    assert "not the 64 of audio.period" in line


def test_a_server_that_comes_later_is_waited_for(server, play):
    player = play({"backend": "jack"})
    waiting = player.said("Waiting for it")
    assert "no server is running" in waiting
    time.sleep(2.0)
    server()
    player.said("plays on")
    time.sleep(0.5)
    assert player.end()["samples"] > 0
    assert [line for line in player.lines if "Waiting" in line] == [waiting]
    assert player.process.stderr.read() == ""


def test_waiting_ends_when_told_to(play, server):
    player = play({"backend": "jack"})
    player.said("Waiting for it")
    assert player.end()["samples"] == 0


def test_a_killed_server_is_noticed(server, play):
    jackd = server()
    player = play({"backend": "jack"})
    player.said("plays on")
    time.sleep(0.5)
    jackd.kill()
    killed = time.monotonic()
    assert "has stopped calling" in player.said("AudioError", 5.0)
    assert time.monotonic() - killed < 1.0
    assert player.process.wait(2) == 1


def test_a_name_that_fits_no_device_is_said_with_what_there_is(server, play):
    server()
    line = play({"backend": "jack", "device": "theremin"}).said("Waiting for it")
    assert "'theremin'" in line
    assert "'system' (JACK)" in line


@pytest.fixture
def alsa(tmp_path):
    """ALSA without a sound card: a device that writes a file, and one that plays into nothing."""
    shipped = "/usr/share/alsa/alsa.conf"
    if not os.path.exists(shipped):
        pytest.skip("ALSA's own configuration is not installed: sudo apt-get install libasound2-data")
    configuration = tmp_path / "asound.conf"
    configuration.write_text(
        "pcm.nowhere { type null }\n"
        f'pcm.recorder {{ type file slave.pcm nowhere file "{tmp_path}/out.raw" format raw }}\n'
        "pcm.recorder_two { type null }\n"
    )
    return {"ALSA_CONFIG_PATH": f"{shipped}:{configuration}", "JACK_DEFAULT_SERVER": f"none-{os.getpid()}"}


def test_alsa_plays_on_the_device_of_that_name(alsa, play, tmp_path):
    """Nothing paces these devices: what is tested is the way there, not the time."""
    player = play({"backend": "alsa", "device": "recorder", "channels": 2}, 1000.0, alsa)
    assert "plays on recorder (ALSA): 128 samples at 48000 Hz" in player.said("plays on")
    player.end()
    sound = np.memmap(tmp_path / "out.raw", np.uint8)
    assert sound.any()


def test_alsa_refuses_a_name_that_may_be_two(alsa, play):
    line = play({"backend": "alsa", "device": "recor"}, env=alsa).said("ConfigError")
    assert "'recorder' (ALSA)" in line
    assert "'recorder_two' (ALSA)" in line


def test_alsa_does_not_take_another_interface(server, alsa, play):
    server()
    line = play(
        {"backend": "alsa", "device": "system"}, env={"ALSA_CONFIG_PATH": alsa["ALSA_CONFIG_PATH"]}
    ).said("Waiting for it")
    assert "(JACK)" not in line
    assert "'recorder' (ALSA)" in line


def test_the_callback_s_thread_is_real_time(server, play):
    server()
    line = play({"backend": "jack"}).said("plays on")
    assert "real time: SCHED_FIFO" in line or "refused: real-time scheduling" in line
    if os.geteuid() == 0 and shutil.which("chrt"):
        assert "real time: SCHED_FIFO" in line
