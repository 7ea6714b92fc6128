from hypothesis import given, settings
from hypothesis import strategies as st

from ddsp_pi.frame import Note
from ddsp_pi.modes.keys import MOST_HELD, Keys, Move


def down(key, velocity=1.0):
    return Note(key, velocity, 0)


def up(key):
    return Note(key, 0.0, 0)


def voices_of(keys, *pressed):
    return [keys.take(down(key)).voice for key in pressed]


def test_one_voice_plays_the_last_key_and_returns_to_the_one_before():
    keys = Keys(1)
    assert keys.take(down(60)) == Move(0, down(60), True)
    assert keys.take(down(64)) == Move(0, down(64), True)
    assert keys.take(down(67)) == Move(0, down(67), True)
    assert keys.take(up(64)) is None
    assert keys.take(up(67)) == Move(0, down(60), None)
    assert keys.take(up(60)) == Move(0, down(60), False)


def test_as_many_keys_as_voices_have_each_their_own():
    assert sorted(voices_of(Keys(4), 60, 64, 67, 71)) == [0, 1, 2, 3]


def test_one_key_more_takes_the_voice_of_the_key_held_longest():
    keys = Keys(3)
    first, second, _ = voices_of(keys, 60, 64, 67)
    assert voices_of(keys, 71, 72) == [first, second]


def test_a_key_that_lost_its_voice_returns_to_whichever_falls_free():
    keys = Keys(2)
    voices_of(keys, 60, 64, 67)
    voice = keys.take(up(64)).voice
    assert keys.key(voice) == down(60)


def test_the_newest_of_the_lost_keys_returns_first():
    keys = Keys(1)
    voices_of(keys, 60, 62, 64)
    assert keys.take(up(64)).note == down(62)
    assert keys.take(up(62)).note == down(60)


def test_the_same_key_starts_its_own_voice_again():
    keys = Keys(4)
    voices = voices_of(keys, 60, 64)
    assert keys.take(down(60, 0.5)) == Move(voices[0], down(60, 0.5), True)
    keys.take(up(60))
    assert voices_of(keys, 60) == voices[:1]


def test_free_voices_take_turns_so_that_releases_ring_out():
    keys = Keys(3)
    turns = []
    for key in range(60, 66):
        turns += voices_of(keys, key)
        keys.take(up(key))
    assert turns == [0, 1, 2, 0, 1, 2]


def test_the_voice_that_has_rested_longest_is_taken_first():
    keys = Keys(3)
    voices = voices_of(keys, 60, 64, 67)
    for key in (64, 67, 60):
        keys.take(up(key))
    assert voices_of(keys, 70, 71, 72) == [voices[1], voices[2], voices[0]]


def test_a_released_voice_keeps_its_key_while_it_fades():
    keys = Keys(2)
    voice = keys.take(down(60)).voice
    keys.take(up(60))
    assert keys.key(voice) == down(60)
    keys.take(down(62))
    keys.release()
    assert {keys.key(0), keys.key(1)} == {down(60), down(62)}


def test_after_all_is_released_every_voice_is_free():
    keys = Keys(2)
    voices_of(keys, 60, 64)
    keys.release()
    assert sorted(voices_of(keys, 70, 71)) == [0, 1]
    assert keys.take(up(60)) is None


def test_a_cable_takes_its_voice_from_a_key():
    keys = Keys(2)
    assert keys.take(down(60)).voice == 0
    assert keys.patch(0, True) == Move(0, None, True)
    assert keys.key(0) is None
    assert keys.take(up(60)) is None, "the key has lost its voice"
    assert keys.patch(0, False) == Move(0, None, False)


def test_keys_spare_the_voice_that_a_cable_holds():
    keys = Keys(2)
    keys.patch(0, True)
    assert voices_of(keys, 60, 64, 67) == [1, 1, 1]


def test_a_gate_that_falls_does_not_close_the_voice_that_a_key_has_taken():
    keys = Keys(1)
    keys.patch(0, True)
    assert keys.take(down(60)) == Move(0, down(60), True)
    assert keys.patch(0, False) is None
    assert keys.take(up(60)) == Move(0, down(60), False)


def test_a_held_cable_gets_its_voice_back_from_a_key():
    keys = Keys(1)
    keys.patch(0, True)
    keys.take(down(60))
    assert keys.take(up(60)) == Move(0, None, None)


def test_a_cable_never_moves_to_another_voice():
    keys = Keys(2)
    keys.patch(0, True)
    keys.patch(1, True)
    assert voices_of(keys, 60) == [0], "only cables are left to be taken from"
    assert keys.patch(1, False) == Move(1, None, False)


def test_a_gate_that_falls_gives_its_voice_to_a_key_that_has_lost_its_own():
    keys = Keys(1)
    keys.take(down(60))
    keys.patch(0, True)
    assert keys.patch(0, False) == Move(0, down(60), None)


def test_with_fewer_voices_the_last_keys_play_on_those():
    keys = Keys(4)
    voices_of(keys, 60, 62, 64, 65)
    keys.limit(2)
    assert keys.key(3) == down(65), "it keeps its pitch while it fades"
    assert voices_of(keys, 67, 69, 70) == [0, 1, 0]
    assert keys.patch(2, True) is None
    keys.limit(4)
    assert {2, 3} == set(voices_of(keys, 72, 74))


def test_a_key_that_lost_its_voice_to_an_overload_returns_when_one_falls_free():
    keys = Keys(2)
    voices_of(keys, 60, 64)
    keys.limit(1)
    assert keys.take(up(60)) == Move(0, down(64), None)


HAPPENING = st.one_of(
    st.tuples(st.just("key"), st.integers(0, 11), st.booleans()),
    st.tuples(st.just("cable"), st.integers(0, 1), st.booleans()),
    st.tuples(st.just("limit"), st.integers(1, 8), st.booleans()),
)


class Rack:
    """What is pressed and which gates are open, written down from the moves alone."""

    def __init__(self, voices):
        self.keys, self.voices, self.most = Keys(voices), voices, voices
        self.pressed, self.plugged = set(), set()
        self.sounds = {}

    def do(self, what, which, high):
        if what == "limit":
            self._limit(min(which, self.voices))
        elif what == "key":
            (self.pressed.add if high else self.pressed.discard)(which)
            self._obey(self.keys.take(down(which) if high else up(which)))
        elif which < self.voices:
            # The gate of a voice that is not given out is not heard.
            refused = high and which >= self.most
            (self.plugged.add if high and not refused else self.plugged.discard)(which)
            self._obey(self.keys.patch(which, high))

    def _limit(self, most):
        self.keys.limit(most)
        self.most = most
        self.sounds = {voice: who for voice, who in self.sounds.items() if voice < most}

    def _obey(self, move):
        if move is None:
            return
        if move.gate is False:
            del self.sounds[move.voice]
            return
        assert move.gate or move.voice in self.sounds, "only what sounds goes on"
        self.sounds[move.voice] = ("cable", move.voice) if move.note is None else ("key", move.note.note)

    def wanted(self):
        return {("key", key) for key in self.pressed} | {("cable", voice) for voice in self.plugged}


@settings(max_examples=300, deadline=None)
@given(st.integers(1, 8), st.lists(HAPPENING, max_size=40))
def test_whatever_is_played_the_gates_fit_what_is_held(voices, happenings):
    rack = Rack(voices)
    for happening in happenings:
        rack.do(*happening)
        sounding = list(rack.sounds.values())
        assert len(set(sounding)) == len(sounding) <= rack.most
        assert set(sounding) <= rack.wanted(), "what sounds is held"
        if happening[0] == "key" and happening[2]:
            assert ("key", happening[1]) in sounding, "the newest key sounds"
    for key in range(12):
        rack.do("key", key, False)
    for cable in range(2):
        rack.do("cable", cable, False)
    assert not rack.sounds, "all keys up, all gates closed"


@settings(max_examples=200, deadline=None)
@given(st.integers(1, 8), st.lists(st.tuples(st.integers(0, 11), st.booleans()), max_size=40))
def test_every_held_key_that_fits_sounds(voices, presses):
    rack = Rack(voices)
    for key, high in presses:
        rack.do("key", key, high)
        assert len(rack.sounds) == min(voices, len(rack.pressed))


def test_keys_that_never_go_up_do_not_fill_the_memory():
    keys = Keys(2)
    for step in range(10_000):
        keys.take(Note(step / 100.0, 1.0, 0))
    assert len(keys._held) == MOST_HELD
    assert {keys.key(0).note, keys.key(1).note} == {99.98, 99.99}
    move = keys.take(Note(99.99, 0.0, 0))
    assert (move.note.note, move.gate) == (99.97, None)
