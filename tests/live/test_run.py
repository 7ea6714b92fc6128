"""`ddsp-pi run --sim` on a real JACK server, as a listener hears it."""

import time

import numpy as np
import pytest

from ddsp_pi.dsp.pitch import PitchTracker
from ddsp_pi.rack.performance import load_performance
from ddsp_pi.shipped import configs_folder
from tests.live.ear import Ear
from tests.live.jack import OUTPUT
from tests.live.player import Player

pytestmark = pytest.mark.real

LINE = configs_folder() / "performances" / "sequencer-line.csv"


@pytest.fixture
def jack(server):
    made = server(256)
    made.start()
    return made


def until_connected(ear):
    deadline = time.monotonic() + 20.0
    while not ear.connect(OUTPUT):
        assert time.monotonic() < deadline, "it does not play"
        time.sleep(0.01)


def heard_notes(samples, held_hops=24):
    """MIDI notes that are held for 64 ms or longer, rounded."""
    pitches = [p.f0_hz if p.voiced else 1.0 for p in PitchTracker(150.0).process(samples)]
    notes = np.rint(69 + 12 * np.log2(np.array(pitches) / 440.0)).astype(int)
    ends = np.flatnonzero(np.diff(notes, append=-999)) + 1
    runs = zip(np.diff(ends, prepend=0), notes[ends - 1], strict=True)
    return {int(note) for length, note in runs if length >= held_hops and note > 0}


def test_the_demo_sounds_until_a_note_arrives(jack, tmp_path):
    with Player(jack, tmp_path, "--cv", str(LINE)) as player, Ear(jack.environment, 60.0) as ear:
        until_connected(ear)
        player.said("plays the demo")
        time.sleep(4.5)
        heard = heard_notes(ear.heard(4.0).samples)
        played = {round(60 + 12 * volts) for volts in load_performance(LINE).volts[:, 0]}
        assert len(heard & played) >= 5
        assert len(heard - played) <= 2

        player.osc("/ddsp/note", 71.0, 0.8)
        time.sleep(2.0)
        assert heard_notes(ear.heard(1.5).samples) == {71}

        player.osc("/ddsp/note", 71.0, 0.0)
        time.sleep(2.0)
        assert np.abs(ear.heard(1.0).samples).max() < 1e-3

        assert player.end() == 0
    assert "xruns" in player.said("xruns")


def test_a_device_that_is_not_there_is_said_and_waited_for(jack, tmp_path):
    with Player(jack, tmp_path, "--device", "theremin") as player:
        said = player.said("theremin")
        assert "system" in said
        assert "Waiting" in said
        assert player.end() == 0


def test_from_the_command_to_the_first_sound(jack, tmp_path):
    """The time is said, not judged: it depends on who else wants the machine."""
    with Ear(jack.environment, 60.0) as ear, Player(jack, tmp_path) as player:
        until_connected(ear)
        deadline = time.monotonic() + 20.0
        while not len(loud := np.flatnonzero(ear.heard().blocks.any(axis=1))):
            assert time.monotonic() < deadline, player.lines
            time.sleep(0.01)
        first_ns = ear.heard().woken_ns[loud[0]]
    print(f"start to first sound: {(first_ns - player.begun_ns) * 1e-9:.2f} s")
    assert first_ns > player.begun_ns
