"""Mode style on a plucked string in closed form: what notes do, whatever instrument they play."""

import numpy as np
import pytest

from ddsp_pi.dsp.loudness import loudness_contour
from ddsp_pi.frame import HOP, HOP_RATE, SAMPLE_RATE, Note
from ddsp_pi.modes.strings import strings_for, voices_on
from ddsp_pi.modes.style import PARAMS, RING_OUT, StyleMode
from ddsp_pi.native.library import choose
from tests.playing import engine, gate, ns, pitch_of, play
from tests.plucked import GUITAR, MUTED_S, ONE_BANK, OPEN_S, Plucked
from tests.references import decibels

BLOCKS = (16, 64, 100, 128, 256, 1024)
PURE = {"n_harmonics": 2, "noise": 0.0, "tilt": 6.0}


def plucked(voices=1, **made):
    return Plucked(strings_for(voices), **made)


def style(voices=1, made=None, **params):
    """A quiet one, which the limiter leaves alone."""
    mode = StyleMode(plucked(voices, **(made or {})))
    for name, value in {"loudness": -32.0, **params}.items():
        mode.params.set(name, value)
    return mode


def hertz(note):
    return 440.0 * 2.0 ** ((note - 69) / 12)


def at(sample):
    return ns(sample / SAMPLE_RATE)


def on(note, second, velocity=1.0):
    return Note(note, velocity, ns(second))


def off(note, second):
    return Note(note, 0.0, ns(second))


def part(audio, begin, end):
    return audio[round(begin * SAMPLE_RATE) : round(end * SAMPLE_RATE)]


def level_db(audio):
    return 20.0 * np.log10(np.sqrt(np.mean(audio.astype(np.float64) ** 2)) + 1e-12)


def roughest(audio, sample):
    """The largest second difference around a sample: what a click raises."""
    around = audio[sample - 2400 : sample + 2400].astype(np.float64)
    return float(np.abs(np.diff(around, 2)).max())


def hushed(audio):
    """Whether there is nothing but what the output's filter still lets go."""
    return np.abs(audio).max() < 1e-7


def strength(audio, hz):
    """Amplitude of a sine."""
    heard = audio.astype(np.float64) * np.hanning(len(audio))
    return 4.0 / len(heard) * abs(np.exp(-2j * np.pi * hz / SAMPLE_RATE * np.arange(len(heard))) @ heard)


class TestNotes:
    @pytest.mark.parametrize("note", range(36, 85, 4))
    def test_every_note_has_its_pitch(self, note):
        audio = play(engine(style(), notes=[on(note, 0.0)]), 0.7)[SAMPLE_RATE // 5 :]
        assert 1200 * abs(np.log2(pitch_of(audio, hertz(note)) / hertz(note))) < 5.0

    def test_the_newest_key_sounds_and_the_one_before_comes_back_unstruck(self):
        mode = style(made=PURE)
        notes = [on(60, 0.0), on(64, 0.3), off(64, 0.6), off(60, 0.9)]
        audio = play(engine(mode, notes=notes), 2.0)
        for begin, note in ((0.1, 60), (0.4, 64), (0.7, 60)):
            heard = part(audio, begin, begin + 0.2)
            assert pitch_of(heard, hertz(note)) == pytest.approx(hertz(note), rel=2e-3)
        # It goes on to fade as the string that was struck at 0.3 s.
        loudness = loudness_contour(audio)
        fall = loudness[round(0.5 * HOP_RATE)] - loudness[round(0.75 * HOP_RATE)]
        assert fall == pytest.approx(8.686 * 0.25 / OPEN_S, abs=0.2)
        assert hushed(audio[-SAMPLE_RATE // 10 :])

    def test_a_harder_key_is_louder_and_brighter(self):
        heard = [
            play(engine(style(noise=0.0), notes=[on(57, 0.0, velocity / 127)]), 0.3)
            for velocity in range(10, 128, 20)
        ]
        levels = [loudness_contour(audio)[20:80].mean() for audio in heard]
        assert levels == sorted(levels)
        assert levels[5] - levels[1] == pytest.approx(30.0 * 80 / 127, abs=1.0)
        bright = [strength(audio, 4 * hertz(57)) / strength(audio, hertz(57)) for audio in heard]
        assert bright == sorted(bright)

    def test_the_velocity_range_is_a_parameter(self):
        soft, hard = (
            play(engine(style(velocity_range=0.0), notes=[on(57, 0.0, velocity)]), 0.1)
            for velocity in (0.2, 1.0)
        )
        np.testing.assert_array_equal(soft, hard)

    @pytest.mark.parametrize("block", BLOCKS)
    @pytest.mark.parametrize("sample", [4736, 4801, 4863, 4927])
    def test_a_strike_sounds_at_its_very_sample(self, block, sample):
        audio = play(engine(style(), notes=[Note(57, 1.0, at(sample))]), 0.15, block)
        assert not audio[: sample - 1].any()
        assert abs(int(np.flatnonzero(audio)[0]) - sample) <= 1
        assert np.abs(audio[sample : sample + 480]).max() > 0.3 * np.abs(audio).max()

    @pytest.mark.parametrize("sample", [4736, 4800, 4863])
    def test_a_strike_is_the_same_wherever_in_its_hop_it_falls(self, sample):
        """But for the rows of the decoder, which are of the end of the hop."""
        made = {**PURE, "noise": 0.0}
        first, moved = (
            play(engine(style(made=made), notes=[Note(57, 1.0, at(begin))]), 0.4)[begin : begin + 9600]
            for begin in (4736, sample)
        )
        envelope = [np.abs(np.fft.rfft(audio * np.hanning(9600))) for audio in (first, moved)]
        assert decibels(envelope[0] - envelope[1], envelope[0]) < -30.0

    @pytest.mark.parametrize("block", BLOCKS)
    def test_it_sounds_the_same_in_blocks_of_any_size(self, block):
        def phrase(block):
            mode = style(2, power_chord=1.0, vibrato_depth=20.0, glide=30.0, brightness=2.0)
            notes = [on(50, 0.01), on(57, 0.1037), off(50, 0.2), on(50, 0.2511), on(62, 0.3), on(64, 0.3)]
            return play(engine(mode, gate(0.05, 0.4), [*notes, off(62, 0.4013)]), 0.6, block)

        whole = phrase(HOP)
        assert decibels(phrase(block) - whole, whole) < -90.0

    @pytest.mark.parametrize("seconds", [0.5, 3.7, 20.0])
    def test_a_note_may_be_as_long_as_it_likes(self, seconds):
        audio = play(engine(style(), notes=[on(45, 0.0), off(45, seconds)]), seconds + 1.0)
        assert np.isfinite(audio).all()
        fall = level_db(part(audio, 0.1, 0.15)) - level_db(part(audio, seconds - 0.1, seconds - 0.05))
        assert fall == pytest.approx(8.686 * (seconds - 0.2) / OPEN_S, rel=0.05, abs=0.3)
        assert hushed(audio[-100:])

    def test_nothing_depends_on_what_comes_later(self):
        notes = [on(45, 0.0), on(52, 0.2), off(45, 0.4)]
        whole = play(engine(style(2), notes=[*notes, on(57, 0.61), off(52, 0.7)]), 1.0)
        begun = play(engine(style(2), notes=notes), 1.0)
        then = round(0.61 * SAMPLE_RATE)
        assert decibels((whole - begun)[:then], begun[:then]) < -120.0
        assert decibels((whole - begun)[then:], begun[then:]) > -20.0

    def test_the_decoder_is_asked_once_per_hop_and_once_more_for_what_is_struck_inside(self):
        decoder = plucked(4)
        mode = StyleMode(decoder)
        before = decoder.steps
        chord = [Note(note, 1.0, at(10 * HOP + 50)) for note in (40, 47, 52, 56)]
        play(engine(mode, notes=[*chord, Note(60, 1.0, at(20 * HOP))]), 30 * HOP / SAMPLE_RATE)
        assert decoder.steps - before == 31

    def test_what_the_decoder_is_told_of_time_is_exact(self):
        decoder = plucked(1)
        rows = []

        class Told(Plucked):
            def step(self, *request):
                rows.append([list(row) for row in self.touch.rows])
                return super().step(*request)

        decoder = Told(strings_for(1))
        mode = StyleMode(decoder)
        rows.clear()
        play(engine(mode, notes=[Note(50, 1.0, at(300)), Note(50, 0.0, at(1000))]), 20 * HOP / SAMPLE_RATE)
        played = [row for (row, _) in rows[3:]]
        seconds = [(3 * HOP - 300 + HOP * hop) / SAMPLE_RATE for hop in range(len(played))]
        assert [row[0] for row in played] == pytest.approx(seconds)
        assert [row[2] for row in played] == [1.0] * 6 + [0.0] * (len(played) - 6)
        assert played[6][1] == pytest.approx((9 * HOP - 1000) / SAMPLE_RATE)


class TestGates:
    @staticmethod
    def sound(**heard):
        def drive(params, _):
            params.drive("note", 52.0)

        cables = engine(style(), gate(0.1, 0.5), drive=drive)
        keys = engine(style(), notes=[on(52, 0.1), off(52, 0.5)])
        return play(cables, 1.0), play(keys, 1.0)

    def test_a_gate_and_a_key_give_the_same_sound_to_the_bit(self):
        np.testing.assert_array_equal(*self.sound())

    def test_a_cable_on_loudness_counts_when_a_note_is_struck(self):
        def drive(params, seconds):
            params.drive("note", 52.0)
            params.drive("loudness", -40.0 if 0.1 < seconds < 0.6 else -30.0)

        audio = play(engine(style(), gate(0.0, 0.3, 0.4), drive=drive), 0.9)
        held = engine(style(loudness=-40.0), gate(0.4), drive=lambda params, _: params.drive("note", 52.0))
        soft = play(held, 0.9)
        assert level_db(part(audio, 0.05, 0.08)) == pytest.approx(
            level_db(part(soft, 0.45, 0.48)) + 10, abs=1
        )
        assert level_db(part(audio, 0.7, 0.8)) == pytest.approx(level_db(part(soft, 0.7, 0.8)), abs=0.2)

    def test_a_velocity_by_cable_is_that_of_a_key(self):
        def drive(params, _):
            params.drive("note", 52.0)
            params.drive("loudness", -62.0 + 30.0 * 64 / 127)

        cables = play(engine(style(), gate(0.1), drive=drive), 0.5)
        keys = play(engine(style(), notes=[on(52, 0.1, 64 / 127)]), 0.5)
        assert decibels(cables - keys, keys) < -100.0

    def test_the_pitch_follows_a_cable_until_the_gate_closes(self):
        def drive(params, seconds):
            params.drive("note", 57.0 if seconds < 0.3 else 60.0 if seconds < 0.62 else 81.0)

        audio = play(engine(style(made=PURE, release=2.0), gate(0.0, 0.6), drive=drive), 0.9)
        for begin, note in ((0.1, 57), (0.4, 60), (0.65, 60)):
            heard = part(audio, begin, begin + 0.15)
            assert pitch_of(heard, hertz(note)) == pytest.approx(hertz(note), rel=3e-3)

    def test_two_pairs_play_two_notes(self):
        def drive(params, _):
            params.drive("note", 57.0)
            params.drive("note_2", 64.0)

        audio = play(engine(style(2, PURE), (*gate(0.0), *gate(0.1, number=2)), drive=drive), 0.5)
        early, late = part(audio, 0.01, 0.1), part(audio, 0.15, 0.5)
        assert strength(early, hertz(64)) < 0.05 * strength(early, hertz(57))
        assert 0.3 < strength(late, hertz(64)) / strength(late, hertz(57)) < 3.0


class TestKnobs:
    def test_openness_changes_the_decay(self):
        def fall(openness):
            audio = play(engine(style(openness=openness), notes=[on(45, 0.0)]), 0.5)
            return level_db(part(audio, 0.1, 0.15)) - level_db(part(audio, 0.3, 0.35))

        assert fall(1.0) == pytest.approx(8.686 * 0.2 / OPEN_S, abs=0.2)
        assert fall(0.0) == pytest.approx(8.686 * 0.2 / MUTED_S, abs=0.5)

    def test_a_controller_that_nobody_has_turned_stands_at_its_default(self):
        untouched, turned = (
            play(engine(mode, notes=[on(45, 0.0)]), 0.2) for mode in (style(), style(openness=1))
        )
        np.testing.assert_array_equal(untouched, turned)
        assert StyleMode(plucked(), PARAMS).params.values.keys() == {spec.name for spec in PARAMS}
        bare = StyleMode(plucked(), PARAMS)
        bare.params.set("loudness", -32.0)
        np.testing.assert_array_equal(play(engine(bare, notes=[on(45, 0.0)]), 0.2), untouched)

    def test_a_power_chord_has_partials_beside_those_of_the_note(self):
        def heard(power_chord):
            mode = style(made={"noise": 0.0}, power_chord=power_chord)
            return play(engine(mode, notes=[on(45, 0.0)]), 0.6)[4800:]

        fifth, root = 1.5 * hertz(45), hertz(45)
        without, half, whole = heard(0.0), heard(0.5), heard(1.0)
        assert strength(without, fifth) < 1e-4 * strength(without, root)
        assert strength(half, fifth) == pytest.approx(0.5 * strength(whole, fifth), rel=0.01)
        assert strength(whole, fifth) == pytest.approx(strength(whole, root), rel=0.8)
        assert strength(whole, root) == pytest.approx(strength(without, root), rel=0.01)

    def test_a_power_chord_that_is_off_is_nothing_at_all(self):
        """Not even work: the synthesizer passes over gates that are closed."""
        mode = style()
        with_bank = play(engine(mode, notes=[on(45, 0.1), off(45, 0.3)]), 0.6)
        alone = play(engine(style(made={"style": ONE_BANK}), notes=[on(45, 0.1), off(45, 0.3)]), 0.6)
        np.testing.assert_array_equal(with_bank, alone)
        assert not mode._voices.playing.envelopes.table[strings_for(1) :, 0].any()

    def test_a_power_chord_comes_and_goes_under_a_note_without_a_click(self):
        def heard(values):
            def drive(params, seconds):
                params.drive("power_chord", values[0] if seconds < 0.2 else values[1])
                if seconds > 0.4:
                    params.drive("power_chord", values[2])

            mode = style(made={**PURE, "n_harmonics": 6})
            return play(engine(mode, notes=[on(45, 0.0)], drive=drive), 0.7), mode

        (moved, mode), (off_, _), (on_, _) = heard((0, 1, 0)), heard((0, 0, 0)), heard((1, 1, 1))
        then, later = (round(s * SAMPLE_RATE) // HOP * HOP for s in (0.2, 0.4))
        cut = np.concatenate([off_[:then], on_[then:]])
        assert max(roughest(moved, then), roughest(moved, later)) < 0.1 * roughest(cut, then)
        np.testing.assert_array_equal(moved[: then - HOP], off_[: then - HOP])
        assert decibels((moved - off_)[later + 4800 :], off_[later + 4800 :]) < -40.0
        assert strength(part(moved, 0.25, 0.38), 1.5 * hertz(45)) > 1e-3
        assert not mode._voices.playing.envelopes.table[strings_for(1) :, 0].any()

    def test_time_since_the_strike_is_heard(self):
        audio = play(engine(style(), notes=[on(45, 0.0)]), 2.1)
        fall = level_db(part(audio, 0.05, 0.1)) - level_db(part(audio, 2.0, 2.05))
        assert fall == pytest.approx(8.686 * 1.95 / OPEN_S, rel=0.1)

    def test_the_loudness_of_what_sounds_changes_its_level_and_not_its_timbre(self):
        def drive(params, seconds):
            params.set("loudness", -32.0 if seconds < 0.2 else -44.0)

        notes = [on(45, 0.0)]
        steady, turned = (play(engine(style(), notes=notes, drive=how), 0.5) for how in (None, drive))
        steady, softer = part(steady, 0.4, 0.5), part(turned, 0.4, 0.5) * 10.0 ** (12.0 / 20.0)
        assert decibels(softer - steady, steady) < -60.0

    def test_the_wheel_bends_all_that_sounds(self):
        def drive(params, seconds):
            params.set("tune", 2.0 if seconds > 0.2 else 0.0)

        audio = play(engine(style(2, PURE), notes=[on(57, 0.0), on(64, 0.0)], drive=drive), 0.7)[14_400:]
        for note in (59, 66):
            assert pitch_of(audio, hertz(note)) == pytest.approx(hertz(note), rel=2e-3)

    def test_vibrato_swings(self):
        mode = style(made=PURE, vibrato_depth=50.0, vibrato_rate=5.0)
        audio = play(engine(mode, notes=[on(69, 0.0)]), 1.0)[9600:].astype(np.float64)
        spectrum = np.fft.fft(audio)
        spectrum[len(audio) // 2 :] = 0.0
        phase = np.unwrap(np.angle(np.fft.ifft(spectrum)))
        f0_hz = (
            np.convolve(np.diff(phase), np.ones(400) / 400, "valid")[2000:-2000] * SAMPLE_RATE / (2 * np.pi)
        )
        cents = 1200 * np.log2(f0_hz / 440.0)
        assert (cents.max(), cents.min()) == pytest.approx((50.0, -50.0), abs=8.0)

    def test_a_glide_goes_from_note_to_note(self):
        audio = play(engine(style(made=PURE, glide=100.0), notes=[on(57, 0.0), on(69, 0.3)]), 1.2)
        assert pitch_of(part(audio, 0.38, 0.42), 341.0) == pytest.approx(341.0, rel=0.03)
        assert pitch_of(part(audio, 1.0, 1.2), 440.0) == pytest.approx(440.0, rel=2e-3)
        assert pitch_of(part(audio, 0.05, 0.25), 220.0) == pytest.approx(220.0, rel=2e-3), (
            "the first has no before"
        )

    def test_release_is_how_fast_a_string_is_let_go(self):
        def left(release):
            audio = play(engine(style(made=PURE, release=release), notes=[on(45, 0.0), off(45, 0.3)]), 0.6)
            return level_db(part(audio, 0.34, 0.36)) - level_db(part(audio, 0.28, 0.3))

        own = -8.686 * 0.05 / 0.08
        assert left(10.0) == pytest.approx(own, abs=1.0)
        assert left(0.1) == pytest.approx(own - 60.0 * 0.05 / 0.1, abs=3.0)

    @pytest.mark.parametrize("release", [0.005, 0.4, 10.0])
    def test_nothing_sounds_for_ever(self, release):
        class Sustained(Plucked):
            def strength(self, row):
                return 1.0

        mode = StyleMode(Sustained(strings_for(2)))
        mode.params.set("release", release)
        audio = play(
            engine(mode, notes=[on(45, 0.0), off(45, 0.1), on(50, 0.1), off(50, 0.2)]), 0.8 + 2.1 * release
        )
        assert hushed(audio[-10:])
        assert mode._strings.of == [None, None]


class TestStrikes:
    STRUCK = 14_400

    def sound(self, *then, offset=0, first=45, voices=1, made=PURE, **params):
        notes = [Note(note, 1.0, at(self.STRUCK + offset)) for note in then]
        return play(engine(style(voices, made, **params), notes=[Note(first, 1.0, 0), *notes]), 0.45)

    @staticmethod
    def alone(note, sample):
        return play(engine(style(made=PURE), notes=[Note(note, 1.0, at(sample))]), 0.45)

    @pytest.mark.parametrize("offset", [0, 37, 127])
    @pytest.mark.parametrize("then", [45, 46, 57, 72])
    def test_a_strike_over_a_note_does_not_click(self, then, offset):
        place = self.STRUCK + offset
        # How rough a strike is depends on where in its period the string stands.
        alone, *others = (self.alone(then, place + more) for more in (0, 20, 40, 60))
        rough = max(roughest(audio, self.STRUCK + 100) for audio in (alone, *others))
        over, held = self.sound(then, offset=offset), self.sound()
        leaving = (
            np.abs(held[place - 600 : place]).max() * np.log(1000.0) / (RING_OUT.release_s * SAMPLE_RATE)
        )
        assert roughest(over, place) < 1.1 * (rough + leaving)
        # The old string is gone soon, and the new one is as if nothing had been there.
        tail = slice(place + 1200, None)
        assert level_db((over - alone)[place + 480 : place + 720]) < level_db(held[tail]) - 20.0
        if then != 45:
            assert abs(level_db(over[tail]) - level_db(alone[tail])) < 0.3

    def test_a_cut_would_have_been_seen(self):
        alone, held = self.alone(72, self.STRUCK), self.sound()
        steady = roughest(alone, self.STRUCK) + roughest(held, self.STRUCK)
        peak = self.STRUCK - 600 + int(np.argmax(np.abs(held[self.STRUCK - 600 : self.STRUCK])))
        cut = np.concatenate([held[:peak], np.zeros(self.STRUCK - peak), alone[self.STRUCK :]])
        assert roughest(cut, self.STRUCK) > 2.0 * steady

    @pytest.mark.parametrize("gap", [40, 100, 300])
    def test_strikes_without_end_do_not_click_either(self, gap):
        """Faster than strings fall silent: those that are taken slide into the note."""
        notes = [Note(45 + 12 * (i % 2), 1.0, at(4800 + gap * i)) for i in range(60)]
        audio = play(engine(style(made=PURE), notes=notes), 0.5)
        alone = max(
            roughest(play(engine(style(made=PURE), notes=[Note(note, 1.0, at(4800))]), 0.3), 4800)
            for note in (45, 57)
        )
        assert np.abs(np.diff(audio[4700:].astype(np.float64), 2)).max() < 3.0 * alone

    def test_a_chord_that_is_struck_again_does_not_click(self):
        chord = (40, 47, 52, 56, 59, 64, 68, 71)
        again = [Note(note + 1, 1.0, at(self.STRUCK)) for note in chord]
        mode = style(8, PURE, loudness=-45.0)
        over = play(engine(mode, notes=[*(Note(note, 1.0, 0) for note in chord), *again]), 1.0)
        fresh = play(engine(style(8, PURE, loudness=-45.0), notes=again), 1.0)
        assert roughest(over, self.STRUCK) < 2.0 * roughest(fresh, self.STRUCK)
        late = slice(self.STRUCK + 4800, None)
        for note in chord:
            ratio = strength(over[late], hertz(note + 1)) / strength(fresh[late], hertz(note + 1))
            assert 20 * np.log10(ratio) == pytest.approx(0.0, abs=1.0)

    def test_the_same_key_strikes_again(self):
        audio = play(engine(style(), notes=[on(45, 0.0), on(45, 0.8), off(45, 1.0)]), 1.8)
        assert level_db(part(audio, 0.81, 0.86)) > level_db(part(audio, 0.7, 0.75)) + 3.0
        assert hushed(audio[-100:])

    def test_legato_slides_the_pitch_of_what_sounds(self):
        notes = [
            on(57, 0.0),
            on(60, 0.3),
            off(57, 0.4),
            on(64, 0.5),
            off(64, 0.7),
            off(60, 0.8),
            on(57, 0.85),
        ]
        slurred = play(engine(style(made=PURE, legato=1.0), notes=notes), 1.2)
        for begin, note in ((0.1, 57), (0.35, 60), (0.55, 64), (0.72, 60)):
            heard = part(slurred, begin, begin + 0.08)
            assert pitch_of(heard, hertz(note)) == pytest.approx(hertz(note), rel=5e-3)
        fall = level_db(part(slurred, 0.1, 0.2)) - level_db(part(slurred, 0.52, 0.62))
        # A-weighting makes a lower note of the same loudness a stronger one.
        assert fall == pytest.approx(8.686 * 0.42 / OPEN_S, abs=4.0)
        struck = play(engine(style(made=PURE), notes=notes), 1.2)
        assert level_db(part(struck, 0.51, 0.56)) > level_db(part(slurred, 0.51, 0.56)) + 1.0
        assert level_db(part(slurred, 0.86, 0.9)) > level_db(part(slurred, 0.75, 0.79)) + 2.0, "struck anew"

    def test_legato_neither_slurs_one_key_nor_a_chord(self):
        again = [on(57, 0.0), on(57, 0.3)]
        chord = [on(57, 0.0), on(60, 0.0), on(64, 0.3), on(67, 0.4)]
        for voices, notes in ((1, again), (2, chord)):
            plain, legato = (play(engine(style(voices, legato=how), notes=notes), 0.6) for how in (0.0, 1.0))
            np.testing.assert_array_equal(plain, legato)


class TestTheRest:
    def test_panic_lets_all_strings_go(self):
        player = engine(style(4, release=0.05), notes=[on(note, 0.0) for note in (40, 47, 52, 56)])
        play(player, 0.2)
        player.release()
        assert hushed(play(player, 0.3)[-1000:])

    def test_panic_does_not_wake_what_was_let_go(self):
        player = engine(style(2, PURE, release=5.0), notes=[on(45, 0.0), off(45, 0.1)])
        play(player, 0.35)
        before = play(player, 0.05)
        player.release()
        assert level_db(play(player, 0.05)) < level_db(before)

    def test_reset_silences_and_forgets(self):
        mode = style(2)
        first = play(engine(mode, notes=[on(45, 0.001), on(52, 0.002)]), 0.2)
        mode.reset()
        np.testing.assert_array_equal(play(engine(mode, notes=[on(45, 0.001), on(52, 0.002)]), 0.2), first)
        mode.reset()
        assert not play(engine(mode), 0.1).any()

    def test_shed_leaves_out_partials_and_voices(self):
        notes = [on(note, 0.0) for note in (40, 47, 52, 56)]
        mode = style(4, {"noise": 0.0, "tilt": 1.0})
        player = engine(mode, notes=[*notes, on(76, 0.5), off(76, 0.6)])
        play(player, 0.1)
        mode.shed(4, 1)
        less = play(player, 0.3)[9600:]
        assert strength(less, 6 * hertz(40)) < 1e-4 * strength(less, 2 * hertz(40))
        assert strength(less, hertz(56)) < 1e-2 * strength(less, hertz(40))
        more = play(player, 0.15)
        assert strength(more[5200:], hertz(76)) > strength(more[5200:], hertz(40)), (
            "the one voice is the newest's"
        )
        mode.shed(None, None)
        play(player, 0.8)
        assert strength(play(player, 0.2), hertz(76)) < 1e-4

    def test_a_voice_that_was_shed_stays_silent_until_its_next_key(self):
        mode = style(2, PURE)
        player = engine(mode, notes=[on(45, 0.0), on(52, 0.0), off(52, 0.5), on(52, 0.6)])
        play(player, 0.1)
        mode.shed(None, 1)
        play(player, 0.1)
        mode.shed(None, None)
        assert strength(play(player, 0.2), hertz(52)) < 1e-5
        play(player, 0.25)
        assert strength(play(player, 0.1), hertz(52)) > 1e-4

    def test_outside_is_what_the_strings_are_asked_for(self):
        low = play_flags(style(power_chord=1.0), [on(20, 0.0)])
        high = play_flags(style(power_chord=1.0), [on(94, 0.0)])
        inside = play_flags(style(power_chord=1.0), [on(91, 0.0)])
        assert (low.outside_pitch, high.outside_pitch, inside.outside_pitch) == (True, False, False)

    @pytest.mark.parametrize("then", [GUITAR, ONE_BANK])
    @pytest.mark.parametrize("first", [GUITAR, ONE_BANK])
    def test_another_instrument_fades_in_under_what_rings(self, first, then):
        def chord(first, then=None):
            mode = style(2, {**PURE, "style": first}, **({"power_chord": 1.0} if first is GUITAR else {}))
            player = engine(mode, notes=[on(45, 0.0), on(52, 0.1), on(50, 0.52)])
            before = play(player, 0.512)
            if then:
                mode.use(plucked(2, **{**PURE, "style": then}))
            return np.concatenate([before, play(player, 0.488)])

        changed, steady, other = chord(first, then), chord(first), chord(then)
        np.testing.assert_array_equal(changed[:24_576], steady[:24_576])
        assert decibels((changed - other)[-9600:], other[-9600:]) < -30.0 or first is not then
        assert roughest(changed, 24_576) < 1.3 * max(roughest(steady, 24_576), roughest(other, 24_576))

    def test_both_kernels_play_the_same(self):
        def phrase():
            mode = style(2, power_chord=0.7, brightness=3.0, vibrato_depth=10.0, noise=1.5)
            notes = [on(50, 0.01), on(57, 0.1037), off(50, 0.2), on(50, 0.2511), on(62, 0.3)]
            return play(engine(mode, notes=notes), 0.5)

        with choose("numpy"):
            wanted = phrase()
        assert decibels(phrase() - wanted, wanted) < -80.0

    @pytest.mark.parametrize("seed", range(3))
    def test_no_setting_makes_it_go_wild(self, seed):
        rng = np.random.default_rng(seed)
        mode = style(2)

        def drive(params, _):
            for spec in params:
                params.drive(spec.name, spec.from_norm(rng.uniform()))

        notes = [
            on(rng.integers(0, 128), second, rng.uniform(0.1, 1)) for second in np.arange(0.0, 1.0, 0.031)
        ]
        audio = play(engine(mode, gate(*np.arange(0.0, 1.0, 0.013)), notes, drive), 1.0)
        assert np.isfinite(audio).all()
        assert np.abs(audio).max() <= 0.98

    def test_so_many_voices_have_so_many_strings(self):
        assert [strings_for(voices) for voices in range(1, 9)] == [2, 4, 5, 6, 7, 8, 9, 10]
        assert all(voices_on(strings_for(voices)) == voices for voices in range(1, 9))


def play_flags(mode, notes):
    player = engine(mode, notes=notes)
    play(player, 0.1)
    return player.telemetry
