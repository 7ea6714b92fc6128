"""Whatever is played, when all keys are up and all gates closed everything falls silent."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ddsp_pi.frame import HOP, SAMPLE_RATE, Edge, Note
from ddsp_pi.modes.strings import strings_for
from ddsp_pi.modes.style import StyleMode
from tests.playing import engine, ns, play
from tests.plucked import Plucked

BLOCK = 8 * HOP
SETTLE_S = 1.0
RELEASE_S = 0.1


class Sustained(Plucked):
    """Small, to be cheap; and it sounds for ever, so that whatever is stuck is heard."""

    def __init__(self, voices):
        super().__init__(voices, n_harmonics=2)

    def step(self, f0_hz, loudness_db):
        self._harmonics[:], self._noises[:] = 0.1, 0.0
        return self._harmonics, self._noises


keys = st.builds(Note, st.integers(36, 47).map(float), st.sampled_from((0.0, 0.0, 0.3, 1.0)), st.just(0))
gates = st.builds(Edge, st.integers(1, 3), st.booleans(), st.just(0))
PANIC = "panic"
acts = st.one_of(keys, keys, keys, gates, st.sampled_from((PANIC, 1, 2, None)))
"""Notes, also those that end what never began; gates; panic; and as many voices as there is time for."""

streams = st.lists(st.tuples(st.sampled_from((0.0, 0.0003, 0.004, 0.03, 0.4)), acts), max_size=120)


class Player:
    """A mode and an engine to which things happen one after the other."""

    def __init__(self, voices, **params):
        self.mode = StyleMode(Sustained(strings_for(voices)))
        for name, value in {"release": RELEASE_S, "loudness": -40.0, **params}.items():
            self.mode.params.set(name, value)
        self.engine = engine(self.mode)
        self._said = self.engine._controls
        self.seconds = 0.0

    def play(self, seconds):
        blocks = [play(self.engine, BLOCK / SAMPLE_RATE, BLOCK) for _ in range(self._blocks(seconds))]
        return np.concatenate(blocks) if blocks else np.zeros(0)

    def _blocks(self, seconds):
        before = round(self.seconds * SAMPLE_RATE) // BLOCK
        self.seconds += seconds
        return round(self.seconds * SAMPLE_RATE) // BLOCK - before

    def do(self, act):
        if act == PANIC:
            self.engine.release()
        elif isinstance(act, Note | Edge):
            made = type(act)(act.note, act.velocity, self.now) if isinstance(act, Note) else None
            self._said._events.append(made or Edge(act.gate, act.high, self.now))
        else:
            self.mode.shed(None, act)

    @property
    def now(self):
        return ns(self.seconds)

    def let_go(self):
        for note in range(36, 48):
            self.do(Note(float(note), 0.0, 0))
        for gate in (1, 2, 3):
            self.do(Edge(gate, False, 0))

    @property
    def gains(self):
        return self.mode._voices.playing.envelopes.table[:, 0]


def fell_silent(player):
    player.let_go()
    player.play(SETTLE_S)
    assert not player.gains.any()
    assert not any(player.mode._open)
    assert np.abs(player.play(0.1)).max() < 1e-6


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(stream=streams, voices=st.sampled_from((1, 2, 3)), legato=st.sampled_from((0.0, 1.0)))
def test_a_stream_of_notes_leaves_nothing_behind(stream, voices, legato):
    player = Player(voices, legato=legato, power_chord=1.0)
    for wait_s, act in stream:
        player.do(act)
        assert np.isfinite(player.play(wait_s)).all()
    fell_silent(player)


@pytest.mark.parametrize(("voices", "legato"), [(1, 0.0), (1, 1.0), (4, 0.0)])
def test_minutes_of_random_notes_leave_nothing_behind(voices, legato):
    rng = np.random.default_rng(voices)
    player, loudest = Player(voices, legato=legato), 0.0
    while player.seconds < 100.0:
        kind = rng.uniform()
        if kind < 0.85:
            velocity = rng.uniform(0.2, 1.0) if rng.uniform() < 0.5 else 0.0
            player.do(Note(float(rng.integers(36, 48)), velocity, 0))
        elif kind < 0.97:
            player.do(Edge(int(rng.integers(1, 3)), bool(rng.integers(2)), 0))
        elif kind < 0.99:
            player.do(PANIC)
        else:
            player.do(rng.choice([None, 1, 2]))
        heard = player.play(rng.exponential(0.04))
        loudest = max(loudest, np.abs(heard).max(initial=0.0))
        # Who is silent plays no string, and nobody plays the same one.
        owned = [string for string in player.mode._strings.of if string is not None]
        assert len(set(owned)) == len(owned)
    assert 0.001 < loudest <= 1.0
    fell_silent(player)


def test_a_key_that_nobody_lets_go_sounds_on_until_panic():
    player = Player(2)
    player.do(Note(40.0, 1.0, 0))
    assert np.abs(player.play(10.0)[-BLOCK:]).max() > 1e-4
    player.do(PANIC)
    player.play(SETTLE_S)
    assert not player.gains.any()
