"""Several voices in mode cv: chords, pairs of cables, voices that are taken or change their instrument."""

import numpy as np
import pytest

from ddsp_pi.frame import HOP, SAMPLE_RATE, Edge, Note
from ddsp_pi.models.bundle import load_instrument
from ddsp_pi.models.decoder import StaticDecoder
from ddsp_pi.modes.cv import CvMode
from tests.instruments import VIOLIN, own_violin
from tests.playing import PURE, engine, gate, ns, pitch_of, play, static
from tests.references import decibels

CHORD = (48, 52, 56, 60, 64, 68, 72, 76)
SETTLED = 9600


@pytest.fixture(scope="module")
def violin():
    return load_instrument(VIOLIN)


@pytest.fixture(scope="module")
def dark(tmp_path_factory):
    return load_instrument(own_violin(tmp_path_factory.mktemp("own") / "dark.onnx"))


def hertz(note):
    return 440.0 * 2.0 ** ((note - 69) / 12)


def at(sample):
    return ns(sample / SAMPLE_RATE)


def mode_of(decoder, **params):
    """Held notes that neither swell nor fade, quiet enough for the limiter to leave them alone."""
    mode = CvMode(decoder)
    for name, value in {"sustain": 1.0, "loudness": -38.0, **params}.items():
        mode.params.set(name, value)
    return mode


def sine(voices):
    return StaticDecoder(PURE, 1, 65, voices)


def strength(audio, note):
    """Amplitude of a sine."""
    heard = audio[SETTLED:].astype(np.float64) * np.hanning(len(audio) - SETTLED)
    phase = 2.0 * np.pi * hertz(note) / SAMPLE_RATE * np.arange(len(heard))
    return 4.0 / len(heard) * abs(np.exp(-1j * phase) @ heard)


def down(*notes, sample=0, velocity=1.0):
    return [Note(note, velocity, at(sample)) for note in notes]


def roughest(audio, sample):
    """The largest second difference around a sample: what a click raises."""
    around = audio[sample - 4800 : sample + 4800].astype(np.float64)
    return float(np.abs(np.diff(around, 2)).max())


@pytest.mark.parametrize("voices", [2, 3, 5, 8])
def test_every_note_of_a_chord_has_its_pitch(voices):
    notes = CHORD[:voices]
    audio = play(engine(mode_of(sine(voices), noise=0.0), notes=down(*notes)), 1.0)[SETTLED:]
    for note in notes:
        assert pitch_of(audio, hertz(note)) == pytest.approx(hertz(note), rel=3e-4)


def test_every_voice_has_its_own_velocity():
    velocities = np.linspace(0.3, 1.0, 8)
    notes = [Note(n, v, 0) for n, v in zip(CHORD, velocities, strict=True)]
    chord = play(engine(mode_of(sine(8), noise=0.0), notes=notes), 1.0)
    for note in notes:
        alone = play(engine(mode_of(sine(8), noise=0.0), notes=[note]), 1.0)
        ratio = strength(chord, note.note) / strength(alone, note.note)
        assert 20.0 * np.log10(ratio) == pytest.approx(0.0, abs=0.2)


@pytest.mark.parametrize("make", [static, None], ids=["static", "violin"])
def test_one_voice_of_several_sounds_like_the_only_one(make, violin):
    make = make or (lambda voices: violin.decoder(voices))
    notes = (Note(64, 1.0, at(4800)), Note(64, 0.0, at(20_000)))
    alone = play(engine(CvMode(make(voices=1)), notes=notes), 0.8)
    among = play(engine(CvMode(make(voices=5)), notes=notes), 0.8)
    assert decibels(among - alone, alone) < -100.0


@pytest.mark.parametrize("block", [16, 100, 256, 1024])
def test_chords_sound_the_same_in_blocks_of_any_size(block, violin):
    notes = [*down(57, 64), *down(69, 72, sample=5011), Note(64, 0.0, at(9777)), *down(60, sample=12_345)]

    def chords(block):
        return play(engine(mode_of(violin.decoder(3)), notes=notes), 0.5, block)

    whole = chords(HOP)
    assert decibels(chords(block) - whole, whole) < -90.0


@pytest.mark.parametrize("number", [1, 2])
@pytest.mark.parametrize("sample", [4800, 4801, 4927, 5000])
def test_each_gate_of_a_pair_sounds_at_its_very_sample(number, sample):
    audio = play(engine(CvMode(static(voices=2)), gate(sample / SAMPLE_RATE, number=number)), 0.2)
    assert not audio[: sample - 1].any()
    # The first sample of a rise may be a zero crossing.
    assert abs(int(np.flatnonzero(audio)[0]) - sample) <= 1


def test_two_pairs_of_pitch_and_gate_play_two_notes():
    def drive(params, _):
        params.drive("note", 57.0)
        params.drive("note_2", 64.0)

    edges = (*gate(0.0, 0.6), *gate(0.3, 0.9, number=2))
    mode = mode_of(sine(2), noise=0.0, release=0.02)
    audio = play(engine(mode, edges, drive=drive), 1.2)
    only, both, other, none = (
        audio[round(s * SAMPLE_RATE) :][: SAMPLE_RATE // 5] for s in (0.1, 0.4, 0.7, 1.0)
    )
    pad = np.zeros(SETTLED, np.float32)
    levels = [[strength(np.concatenate([pad, part]), n) for n in (57, 64)] for part in (only, both, other)]
    assert levels[0][0] == pytest.approx(levels[1][0], rel=0.01)
    assert levels[2][1] == pytest.approx(levels[1][1], rel=0.01)
    assert levels[0][1] < 1e-3 * levels[0][0]
    assert levels[2][0] < 1e-3 * levels[2][1]
    assert np.abs(none[-4800:]).max() < 1e-6


def test_gates_beyond_the_pairs_are_not_heard():
    edges = (*gate(0.0, number=2), *gate(0.0, number=3), *gate(0.0, number=4))
    assert not play(engine(CvMode(static()), edges), 0.1).any()
    assert not play(engine(CvMode(static(voices=8)), edges[1:]), 0.1).any()


def test_a_key_and_a_cable_share_voices():
    def drive(params, _):
        params.drive("note", 57.0)

    mode = mode_of(sine(2), noise=0.0)
    notes = [*down(64, 69, sample=4800)]
    audio = play(engine(mode, gate(0.0), notes, drive), 1.0)[SETTLED:]
    levels = [strength(np.concatenate([np.zeros(SETTLED), audio]), note) for note in (57, 64, 69)]
    assert min(levels[0], levels[2]) > 100.0 * levels[1], (
        "the cable keeps its voice, the last key has the other"
    )


STOLEN = 24_576


def stolen(make, then, offset=0, first=62):
    """Two voices that are held; a third key takes the older one."""
    notes = [Note(first, 1.0, 0), Note(69, 1.0, 1)]
    more = [Note(then, 1.0, at(STOLEN + offset))] if then else []
    return play(engine(mode_of(make(2)), notes=[*notes, *more]), 0.75)


@pytest.mark.parametrize("then", [61, 76, 90])
@pytest.mark.parametrize("offset", [0, 37, 127])
@pytest.mark.parametrize("sound", ["static", "sine", "violin"])
def test_a_stolen_voice_does_not_click(sound, offset, then, violin):
    make = {"static": lambda v: static(voices=v), "sine": sine, "violin": violin.decoder}[sound]
    steady = max(roughest(stolen(make, None, first=first), STOLEN) for first in (62, then))
    assert roughest(stolen(make, then, offset), STOLEN + offset) < 1.1 * steady


def test_a_jump_to_another_pitch_would_have_been_seen():
    low, high = (stolen(sine, None, first=first) for first in (62, 90))
    cut = np.concatenate([low[:STOLEN], high[STOLEN:]])
    assert roughest(cut, STOLEN) > 2.0 * max(roughest(low, STOLEN), roughest(high, STOLEN))


def test_a_stolen_voice_reaches_its_pitch_within_two_hops():
    notes = [Note(57, 1.0, 0), Note(69, 1.0, at(STOLEN + 1))]
    audio = play(engine(mode_of(sine(1), noise=0.0), notes=notes), 0.75)
    landed = audio[STOLEN + 2 * HOP : STOLEN + 2 * HOP + 4800]
    assert pitch_of(landed, 440.0) == pytest.approx(440.0, rel=1e-3)


def test_the_instrument_changes_under_a_chord_without_a_click(violin, dark):
    def chord(first, then=None):
        mode = mode_of(first)
        player = engine(mode, notes=down(*CHORD[2:6]))
        before = play(player, 0.512)
        if then:
            mode.use(then)
        return np.concatenate([before, play(player, 0.5)])

    instruments = [(violin, dark), (violin, None), (dark, None)]
    changed, *steady = (chord(a.decoder(4), b.decoder(4) if b else None) for a, b in instruments)
    assert roughest(changed, STOLEN) < 1.1 * max(roughest(audio, STOLEN) for audio in steady)
    np.testing.assert_array_equal(changed[:STOLEN], steady[0][:STOLEN])
    assert decibels((changed - steady[1])[-9600:], steady[1][-9600:]) < -24.0
    assert decibels((changed - steady[0])[-9600:], steady[0][-9600:]) > -14.0


def test_voices_that_arrive_go_on_with_the_gains_of_those_that_leave():
    mode = mode_of(static(voices=3))
    player = engine(mode, notes=[Note(60, 0.3, 0), Note(67, 0.8, 0)])
    play(player, 0.3)
    before = [mode._voices.playing.envelopes.gain(voice) for voice in range(3)]
    mode.use(static(PURE, voices=3))
    play(player, 0.003)
    assert [mode._voices.playing.envelopes.gain(voice) for voice in range(3)] == pytest.approx(before)


class Sick(StaticDecoder):
    """Says NaN for one voice in one of its steps."""

    def __init__(self, voices, step):
        super().__init__(PURE, 3, 65, voices)
        self._left = step

    def step(self, f0_hz, loudness_db):
        harmonics, noise = super().step(f0_hz, loudness_db)
        self._left -= 1
        if self._left == 0:
            harmonics[-1] = np.nan
        return harmonics, noise


def test_what_is_not_a_number_is_silenced_and_what_is_held_goes_on():
    player = engine(mode_of(Sick(2, step=60)), notes=down(60, 67))
    audio = play(player, 0.5)
    assert np.isfinite(audio).all()
    assert 0 < player.telemetry.rejected_samples <= 2 * HOP
    healthy = play(engine(mode_of(StaticDecoder(PURE, 3, 65, 2)), notes=down(60, 67)), 0.5)
    for note in (60, 67):
        ratio = strength(audio[4800:], note) / strength(healthy[4800:], note)
        assert ratio == pytest.approx(1.0, rel=0.05)


def test_a_voice_that_is_sick_while_it_is_silent_does_not_stay_so():
    player = engine(mode_of(Sick(2, step=20)), notes=[*down(60), *down(67, sample=9600)])
    audio = play(player, 0.6)
    assert np.isfinite(audio).all()
    assert min(strength(audio[9600:], note) for note in (60, 67)) > 1e-3


class TestWhatAVoiceRemembers:
    """A silent voice's network hears the rest, as it did in training; a taken one hears a legato."""

    @staticmethod
    def note_after(violin, rest_s, before=57.0):
        begin = round((0.3 + rest_s) * SAMPLE_RATE) // HOP * HOP
        notes = [Note(before, 1.0, 0), Note(before, 0.0, ns(0.3)), Note(69, 1.0, at(begin))]
        mode = mode_of(violin.decoder(1), release=0.01, noise=0.0, attack=0.005)
        return play(engine(mode, notes=notes), 0.3 + rest_s + 0.4)[begin : begin + 14_400]

    @staticmethod
    def spectrum(audio):
        return np.abs(np.fft.rfft(audio[2400:12_000] * np.hanning(9600)))

    def test_how_long_it_has_rested_is_not_heard(self, violin):
        short, long = (self.spectrum(self.note_after(violin, rest)) for rest in (0.5, 3.0))
        assert decibels(short - long, long) < -30.0

    def test_a_network_that_forgot_would_begin_the_note_less_like_a_rested_one(self, violin):
        def begin(rest_hz, forgets=False):
            decoder = violin.decoder(1)
            for loudness_db, steps in ((-25.0, 100), (violin.card.loudness_range_db.low, 375)):
                for _ in range(steps):
                    decoder.step([rest_hz], [loudness_db])
            if forgets:
                decoder.forget(0)
            return np.array([decoder.step([440.0], [-25.0])[0][0].copy() for _ in range(40)])[10:]

        rested, higher, forgetful = begin(440.0), begin(800.0), begin(440.0, forgets=True)
        assert decibels(higher - rested, rested) < decibels(forgetful - rested, rested) - 3.0

    def test_what_it_played_before_the_rest_is_hardly_heard(self, violin):
        low, high = (self.spectrum(self.note_after(violin, 1.0, before)) for before in (57.0, 81.0))
        assert decibels(low - high, high) < -15.0

    def test_a_taken_voice_ends_up_with_the_sound_of_a_fresh_one(self, violin):
        fresh, taken = (
            play(engine(mode_of(violin.decoder(1), noise=0.0), notes=notes), 1.5)[SAMPLE_RATE:]
            for notes in (down(69), [*down(57), *down(69, sample=9600)])
        )
        spectra = [np.abs(np.fft.rfft(audio * np.hanning(len(audio)))) for audio in (fresh, taken)]
        assert decibels(spectra[0] - spectra[1], spectra[0]) < -30.0


def held(mode):
    return [mode._voices.playing.envelopes.table[voice, 1] > 0.0 for voice in range(mode._count)]


def test_release_closes_all_and_keeps_the_parameters():
    mode = mode_of(static(voices=4), release=0.05, tune=3.0)
    edges = (*gate(0.0), *gate(0.0, number=2))
    player = engine(mode, edges, down(64, 67, 71))
    play(player, 0.2)
    assert all(held(mode))
    before = {name: mode.params[name] for name in ("release", "tune", "loudness")}
    player.parts.release()
    fading = play(player, 0.05)
    assert np.abs(fading[:480]).max() > 1e-3, "it fades with its release"
    assert not any(held(mode))
    assert np.abs(play(player, 0.2)[-4800:]).max() < 1e-6
    assert {name: mode.params[name] for name in before} == before


def test_release_does_not_click():
    mode = mode_of(static(voices=2))
    player = engine(mode, notes=down(60, 64))
    before = play(player, STOLEN / SAMPLE_RATE)
    player.parts.release()
    audio = np.concatenate([before, play(player, 0.2)])
    assert roughest(audio, STOLEN) < 1.02 * roughest(before, STOLEN - 4800)


def test_keys_and_gates_play_again_after_a_release():
    mode = mode_of(static(voices=2), release=0.01)
    again = [*down(60), *down(60, sample=24_000), Note(60, 0.0, at(26_000))]
    player = engine(
        mode, (*gate(0.0, number=2), Edge(2, False, at(30_000)), Edge(2, True, at(36_000))), again
    )
    play(player, 0.2)
    player.parts.release()
    audio = play(player, 0.7)
    assert np.abs(audio[9600:14_000]).max() < 1e-6
    assert min(np.abs(audio[part]).max() for part in (slice(14_400, 16_000), slice(26_400, None))) > 1e-3
