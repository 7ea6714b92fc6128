"""Leaving work out when there is no time for it: when, and how it sounds."""

from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest

import ddsp_pi.engine.loop as loop
from ddsp_pi.dsp.choice import make_synth
from ddsp_pi.dsp.native_synth import NativeSynth
from ddsp_pi.dsp.synthesis import PARTIALS, NumpySynth
from ddsp_pi.engine.overload import CALM_S, LONGEST_CALM_S, SETTLE_S, STEPS, Overload, in_words
from ddsp_pi.frame import HOP, SAMPLE_RATE, Note
from ddsp_pi.modes.cv import CvMode
from tests.playing import SPECTRUM, engine, gate, ns, play, static
from tests.references import decibels

BLOCK_S = HOP / SAMPLE_RATE


def levels(overload, load, seconds, block=HOP):
    """(times, levels) of every change of level under a load, a number or a function of level and time."""
    changes = []
    for i in range(round(seconds * SAMPLE_RATE / block)):
        now = i * block / SAMPLE_RATE
        if overload.judge(load(overload.level, now) if callable(load) else load, block):
            changes.append((now, overload.level))
    return changes


@pytest.mark.parametrize("usual", [0.1, 0.3, 0.6])
@pytest.mark.parametrize("spike", [5.0, 50.0])
def test_one_slow_block_changes_nothing(usual, spike):
    overload = Overload()
    assert not levels(overload, usual, 1.0)
    assert not overload.judge(spike, HOP)
    assert not levels(overload, usual, 1.0)


def test_a_slow_block_now_and_then_changes_nothing():
    assert not levels(Overload(), lambda _, now: 5.0 if round(now / BLOCK_S) % 100 == 50 else 0.4, 10.0)


def test_five_times_the_usual_load_once_changes_nothing():
    overload = Overload()
    levels(overload, 0.5, 1.0)
    assert not levels(overload, lambda _, now: 2.5 if now == 0.0 else 0.5, 1.0)


@pytest.mark.parametrize("block", [32, HOP, 512])
def test_a_lasting_overload_goes_up_step_by_step_to_the_last(block):
    overload = Overload()
    changes = levels(overload, 0.9, 5.0, block)
    assert [level for _, level in changes] == [1, 2, 3, 4, 5]
    times = [now for now, _ in changes]
    assert min(np.diff(times)) >= SETTLE_S - block / SAMPLE_RATE
    assert max(np.diff(times)) < 1.0
    assert not levels(overload, 0.9, 5.0, block), "the last step is the last"


@pytest.mark.parametrize("block", [32, HOP, 512])
@pytest.mark.parametrize("load", [0.9, 1.5, 4.0])
def test_one_step_that_helps_is_enough(block, load):
    changes = levels(Overload(), lambda level, _: load if level == 0 else 0.6, 5.0, block)
    assert [level for _, level in changes] == [1]


def test_the_remedy_comes_soon():
    overload = Overload()
    levels(overload, 0.4, 1.0)
    (when, _), *_ = levels(overload, 1.2, 1.0)
    assert when < 0.05


def test_of_short_blocks_the_one_with_the_decoders_step_counts():
    def uneven(hard):
        return lambda _, now: hard if round(now * SAMPLE_RATE / 32) % 4 == 0 else 0.1

    assert levels(Overload(), uneven(1.1), 1.0, 32), "every hop misses a period, at an average of 0.35"
    assert not levels(Overload(), uneven(0.6), 1.0, 32)


@pytest.mark.parametrize("load", [0.5, 0.6, 0.7])
def test_between_too_much_and_easy_all_stays_as_it_is(load):
    overload = Overload()
    assert not levels(overload, load, 10.0)
    levels(overload, 0.9, 0.25)
    before = overload.level
    assert before > 0
    assert not levels(overload, load, 30.0)
    assert overload.level == before


def test_it_comes_back_step_by_step_when_it_has_been_calm():
    overload = Overload()
    levels(overload, 0.9, 1.0)
    changes = levels(overload, 0.2, 20.0)
    assert [level for _, level in changes] == [4, 3, 2, 1, 0]
    gaps = np.diff([0.0, *(now for now, _ in changes)])
    assert min(gaps) >= CALM_S
    assert max(gaps) < 1.5 * CALM_S
    assert not levels(overload, 0.2, 10.0)


def test_a_short_rest_brings_nothing_back():
    overload = Overload()
    levels(overload, 0.9, 1.0)
    assert not levels(overload, lambda _, now: 0.2 if now % CALM_S < 0.8 * CALM_S else 0.6, 20.0)


def too_much_for_all(level, _):
    """All of it is too much, with one step less it is easy."""
    return 0.9 if level == 0 else 0.3


def test_who_comes_back_too_soon_waits_twice_as_long_the_next_time():
    changes = levels(Overload(), too_much_for_all, 200.0)
    backs = [now for now, level in changes if level == 0]
    ups = [now for now, level in changes if level == 1]
    waits = [back - up for back, up in zip(backs, ups, strict=False)]
    wanted = [CALM_S * 2.0**i for i in range(len(waits))]
    assert len(waits) >= 5
    np.testing.assert_allclose(waits, np.minimum(wanted, LONGEST_CALM_S), rtol=0.2)


def test_it_never_waits_longer_than_the_longest():
    changes = levels(Overload(), too_much_for_all, 800.0)
    assert max(np.diff([now for now, _ in changes])) < 1.1 * LONGEST_CALM_S


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("block", [64, 512])
def test_it_never_comes_back_faster_than_the_calm(seed, block):
    rng = np.random.default_rng(seed)
    moods = rng.uniform(0.0, 1.3, 4000)
    changes = levels(Overload(), lambda level, now: moods[int(now * 7)] * 0.85**level, 300.0, block)
    ways = [
        (now, after - before) for (_, before), (now, after) in zip([(0, 0), *changes], changes, strict=False)
    ]
    assert {way for _, way in ways} == {1, -1}, "there was something to do"
    for (before, _), (now, way) in pairwise(ways):
        assert now - before > (CALM_S if way < 0 else SETTLE_S) - 2 * block / SAMPLE_RATE


def test_every_level_has_its_words():
    said = [in_words(level) for level in range(len(STEPS))]
    assert len(set(said)) == len(STEPS)
    assert "everything plays" in said[0]
    assert "only 60 harmonics play" in said[1]
    assert "30 harmonics and 4 voices" in said[3]
    assert "16 harmonics and 1 voice play" in said[5]


def test_every_step_leaves_out_more_than_the_one_before():
    bounds = [(step.partials or 1000, step.voices or 1000) for step in STEPS]
    for before, after in pairwise(bounds):
        assert after[0] <= before[0]
        assert after[1] <= before[1]
        assert after != before


class Clock:
    """A processor that takes as long as it is told to."""

    def __init__(self, load=0.1):
        self.load, self.now = load, 0.0
        self._turn = 0

    def perf_counter(self):
        self._turn += 1
        self.now += self.load * BLOCK_S if self._turn % 2 == 0 else 0.0
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(loop, "time", SimpleNamespace(perf_counter=clock.perf_counter))
    return clock


SHED_AT = 192 * HOP


def player(voices=1, notes=(), edges=(), spectrum=SPECTRUM, **params):
    mode = CvMode(static(spectrum, n_harmonics=100, voices=voices))
    for name, value in {"sustain": 1.0, "loudness": -34.0, "note": 40.0, **params}.items():
        mode.params.set(name, value)
    made = engine(mode, edges, notes)
    made._overload = Overload()
    return made


def overloaded(clock, made, busy_s=0.4, rest_s=0.2, load=0.9):
    """A calm start, an overload of `busy_s` at `SHED_AT`, calm again."""
    parts = [play(made, SHED_AT / SAMPLE_RATE)]
    for clock.load, seconds in ((load, busy_s), (0.1, rest_s)):
        parts.append(play(made, seconds))
    return np.concatenate(parts)


def roughest(audio):
    around = audio[SHED_AT - 9600 : SHED_AT + 28_800].astype(np.float64)
    return float(np.abs(np.diff(around, 2)).max())


def test_the_engine_tells_how_much_is_left_out(clock):
    made = player(edges=gate(0.0))
    play(made, 0.2)
    assert (made.telemetry.shed, made.telemetry.most_shed) == (0, 0)
    clock.load = 0.9
    play(made, 0.2)
    assert 0 < made.telemetry.shed == made.telemetry.most_shed
    play(made, 0.5)
    assert made.telemetry.shed == len(STEPS) - 1
    clock.load = 0.1
    play(made, 12.0)
    assert (made.telemetry.shed, made.telemetry.most_shed) == (0, len(STEPS) - 1)


def test_without_an_overload_everything_plays_whatever_the_load(clock):
    clock.load = 5.0
    made = player(edges=gate(0.0))
    made._overload = None
    busy = play(made, 0.5)
    clock.load = 0.1
    np.testing.assert_array_equal(busy, play(player(edges=gate(0.0)), 0.5))


def test_harmonics_are_left_out_within_two_hops_of_the_step(clock):
    class Once:
        """Steps up at one block."""

        def __init__(self):
            self.level, self._blocks = 0, 0

        def judge(self, load, n):
            self._blocks += 1
            self.level = int(self._blocks >= SHED_AT // HOP)
            return self._blocks == SHED_AT // HOP

    made = player(edges=gate(0.0), noise=0.0)
    made._overload = Once()
    audio = play(made, 0.8)
    highest_hz = 60 * 440.0 * 2 ** ((40 - 69) / 12)
    after = audio[SHED_AT + HOP :][:9600].astype(np.float64)
    before = audio[SHED_AT - 9600 : SHED_AT].astype(np.float64)

    def above(part):
        spectrum = np.abs(np.fft.rfft(part * np.blackman(len(part)))) ** 2
        high = np.fft.rfftfreq(len(part), 1 / SAMPLE_RATE) > highest_hz + 60.0
        return 10.0 * np.log10(spectrum[high].sum() / spectrum.sum())

    assert above(after) < above(before) - 60.0


def test_leaving_harmonics_out_does_not_click(clock):
    shed = overloaded(clock, player(edges=gate(0.0)))
    plain = play(player(edges=gate(0.0)), len(shed) / SAMPLE_RATE)
    assert decibels((shed - plain)[-4800:], plain[-4800:]) > -40.0, "something was left out"
    assert roughest(shed) < 1.1 * roughest(plain)


CHORD = tuple(Note(note, 1.0, 0) for note in (45, 52, 57, 61, 64, 69, 73, 76))


def test_leaving_voices_out_does_not_click(clock):
    made = player(8, CHORD)
    plain = play(player(8, CHORD), 1.0)
    shed = overloaded(clock, made)
    assert made.telemetry.shed == len(STEPS) - 1
    assert roughest(shed) < 1.1 * roughest(plain)


def test_taking_work_back_does_not_click(clock):
    made = player(8, CHORD)
    clock.load = 0.9
    play(made, 1.0)
    clock.load = 0.1
    back = play(made, 12.0)
    assert made.telemetry.shed == 0
    plain = play(player(8, CHORD), 1.0)
    assert np.abs(np.diff(back.astype(np.float64), 2)).max() < 1.1 * roughest(plain)


def sounding(made):
    envelopes = made.parts.mode._voices.playing.envelopes
    return [voice for voice in range(len(envelopes.table)) if envelopes.gain(voice) > 0.0]


def test_voices_that_were_shed_fade_out_and_sound_again_when_triggered_again(clock):
    again = [Note(CHORD[5].note, velocity, ns(14.0)) for velocity in (0.0, 1.0)]
    made = player(8, [*CHORD, *again])
    play(made, 0.2)
    assert sounding(made) == list(range(8))
    clock.load = 0.9
    play(made, 1.0)
    assert sounding(made) == [0]
    clock.load = 0.1
    play(made, 12.3)
    assert made.telemetry.shed == 0
    assert sounding(made) == [0], "nothing comes back by itself in the middle of a note"
    play(made, 1.0)
    assert len(sounding(made)) == 2


@pytest.mark.parametrize("held", [True, False])
def test_a_voice_that_is_shed_is_gone_soon_whatever_its_release(held, clock):
    ups = () if held else tuple(Note(note.note, 0.0, ns(0.1)) for note in CHORD)
    made = player(8, [*CHORD, *ups], release=10.0)
    play(made, 0.3)
    assert sounding(made) == list(range(8))
    made.parts.shed(16, 1)
    play(made, 0.15)
    assert sounding(made) == [0]


def test_a_voice_that_comes_back_has_the_common_shape_again(clock):
    made = player(2, [*CHORD[:2], Note(60, 1.0, ns(0.5)), Note(64, 1.0, ns(0.6))], sustain=0.8, decay=0.02)
    play(made, 0.2)
    made.parts.shed(None, 1)
    play(made, 0.2)
    made.parts.shed(None, None)
    play(made, 0.5)
    envelopes = made.parts.mode._voices.playing.envelopes
    assert [envelopes.gain(voice) for voice in range(2)] == pytest.approx([0.8, 0.8], abs=1e-3)


def test_a_voice_in_a_slow_attack_is_not_heard_to_flare_up_when_it_is_shed(clock):
    shed = overloaded(clock, player(8, CHORD, attack=4.0))
    plain = play(player(8, CHORD, attack=4.0), len(shed) / SAMPLE_RATE)
    levels = [np.square(audio[SHED_AT:49_152].reshape(-1, 1536)).mean(axis=1) for audio in (shed, plain)]
    assert (levels[0] < 1.5 * levels[1]).all()
    assert levels[0][-1] < 0.5 * levels[1][-1]


def test_while_voices_are_left_out_the_last_keys_play(clock):
    made = player(8, [Note(note, 1.0, ns(1.0 + i / 10)) for i, note in enumerate((60, 64, 67))])
    clock.load = 0.9
    play(made, 1.5)
    assert sounding(made) == [0]
    assert made.parts.mode._keys.key(0).note == 67


def test_a_gate_whose_voice_is_left_out_stays_closed_until_its_next_edge(clock):
    made = player(2, edges=(*gate(0.0), *gate(0.0, 14.0, 14.1, number=2)))
    clock.load = 0.9
    play(made, 1.0)
    assert sounding(made) == [0]
    clock.load = 0.1
    play(made, 13.05)
    assert sounding(made) == [0]
    play(made, 0.1)
    assert sounding(made) == [0, 1]


class TestWork:
    """That fewer harmonics and voices are less work, in what is computed."""

    @staticmethod
    def synth(kind, library, voices=1):
        return NumpySynth(voices, 100, 65) if kind == "numpy" else NativeSynth(library, voices, 100, 65)

    @staticmethod
    def open(synth, most):
        controls = synth.controls
        controls.level[:], controls.f0_hz[:] = 1.0, 60.0
        for voice in range(controls.voices):
            controls.envelopes.move(voice, True)
        controls.asked[0][:], controls.asked[1][:] = 0.1, 0.01
        controls.knobs[PARTIALS] = most
        for _ in range(2):
            synth.begin_hop()

    @pytest.mark.parametrize("most", [0, 1, 16, 30, 60, 100])
    def test_numpy_computes_no_more_harmonics_than_are_played(self, most):
        synth, rows = NumpySynth(1, 100, 65), []
        self.open(synth, most)
        bank, sums = synth._harmonics[0], synth._harmonics[0]._polynomial
        bank._polynomial = lambda ends, partials: rows.append(partials) or sums(ends, partials)
        synth.render(0, HOP)
        synth.render(0, 50)
        assert rows == [most, most]

    @pytest.mark.parametrize("most", [0, 1, 16, 30, 60, 100])
    def test_the_kernel_computes_no_more_groups_than_are_played(self, library, most):
        synth = NativeSynth(library, 1, 100, 65)
        self.open(synth, most)
        coefficients = synth._buffers["coefficients"]
        coefficients[:] = np.nan
        synth.render(0, HOP)
        assert np.isfinite(coefficients[:, 0]).sum() == -(-most // 9)

    def test_the_hop_that_fades_them_out_still_has_them_all(self):
        synth, rows = NumpySynth(1, 100, 65), []
        self.open(synth, 100)
        bank, sums = synth._harmonics[0], synth._harmonics[0]._polynomial
        bank._polynomial = lambda ends, partials: rows.append(partials) or sums(ends, partials)
        synth.controls.knobs[PARTIALS] = 30
        for _ in range(2):
            synth.begin_hop()
            synth.render(0, HOP)
        assert rows == [100, 30]

    def test_a_silent_voice_computes_nothing(self):
        synth, voices = NumpySynth(3, 100, 65), []
        self.open(synth, 100)
        for voice, bank in enumerate(synth._harmonics):
            sums = bank._polynomial
            bank._polynomial = lambda ends, partials, voice=voice, sums=sums: (
                voices.append(voice) or sums(ends, partials)
            )
        synth.controls.envelopes.table[1, :2] = 0.0
        synth.render(0, HOP)
        assert voices == [0, 2]

    def test_both_leave_out_the_same(self, library):
        outs = []
        for kind in ("numpy", "native"):
            synth = self.synth(kind, library)
            self.open(synth, 30)
            outs.append(synth.render(0, HOP).copy())
        assert decibels(outs[1] - outs[0], outs[0]) < -100.0


def test_the_limit_reaches_the_synthesizer_that_plays():
    made = player(edges=gate(0.0))
    made.parts.shed(30, None)
    play(made, 0.1)
    controls = made.parts.mode._voices.playing._controls
    assert controls.knobs[PARTIALS] == 30.0
    assert not controls.harmonics[1, :, 30:].any()
    assert type(make_synth(1, 100, 65)) is type(made.parts.mode._voices.playing._synth)
