"""Mode cross from the inside: gates, cables, keys, knobs and broken inputs."""

import numpy as np
import pytest

from ddsp_pi.app import MODE_PARAMS
from ddsp_pi.config import load_config
from ddsp_pi.dsp.loudness import loudness_contour
from ddsp_pi.frame import HOP, HOP_RATE, SAMPLE_RATE, Note
from ddsp_pi.models.decoder import SilentDecoder
from ddsp_pi.models.morph import MorphDecoder
from ddsp_pi.modes.colour import Colour, ColouredDecoder
from ddsp_pi.modes.cross import PARAMS
from ddsp_pi.modes.leaps import Leaps
from ddsp_pi.rack.routing import CvRouter
from tests.crossing import cross, crossed
from tests.playing import PURE, engine, ns, pitch_of, sing, static
from tests.references import decibels
from tests.singing import hiss, partials, rest, vowel

SETTLED = slice(SAMPLE_RATE // 2, None)


def held(name, value):
    """A cable that holds a parameter."""
    return lambda params, _: params.drive(name, value)


def level_db(audio, begin_s, end_s):
    rows = loudness_contour(audio)[round(begin_s * HOP_RATE) : round(end_s * HOP_RATE)]
    return float(np.median(rows))


def test_it_is_as_loud_as_what_it_hears():
    for level in (-45.0, -30.0, -15.0):
        heard = vowel(220.0, level_db=level)
        made = crossed(heard, noise=1.0)
        assert level_db(made, 0.5, 0.9) == pytest.approx(level_db(heard, 0.5, 0.9), abs=0.7)


def test_the_input_s_gain_is_heard_and_metered():
    mode, heard = cross(input_gain=12.0), vowel(220.0, level_db=-40.0)
    made = sing(engine(mode), heard)
    assert level_db(made, 0.5, 0.9) == pytest.approx(level_db(heard, 0.5, 0.9) + 12.0, abs=0.7)
    assert mode.meter.level == pytest.approx(np.abs(heard).max() * 10.0 ** (12.0 / 20.0), rel=0.1)
    assert not mode.meter.clipped
    assert mode.meter.f0_hz == pytest.approx(220.0, rel=0.005)


def test_a_pitch_cable_plays_what_is_sung_on_another_note():
    made = crossed(vowel(200.0, seconds=1.5), drive=held("note", 64.0))[SETTLED]
    assert pitch_of(made, 329.63) == pytest.approx(329.63, rel=1e-3)
    without = crossed(vowel(200.0, seconds=1.5))[SETTLED]
    assert pitch_of(without, 200.0) == pytest.approx(200.0, rel=2e-3)


def test_a_cable_that_is_pulled_gives_the_pitch_back_to_the_voice():
    def drive(params, seconds):
        if seconds < 0.5:
            params.drive("note", 72.0)
        else:
            params.release("note")

    made = crossed(vowel(200.0, seconds=1.5), drive=drive)
    assert pitch_of(made[12_000:23_000], 523.25) == pytest.approx(523.25, rel=2e-3)
    assert pitch_of(made[36_000:], 200.0) == pytest.approx(200.0, rel=2e-3)


def test_a_key_has_the_pitch_as_long_as_it_is_held():
    notes = Note(64, 1.0, ns(0.5)), Note(64, 0.0, ns(1.0))
    made = sing(engine(cross(), notes=notes), vowel(200.0, seconds=1.5))
    for begin_s, wanted in ((0.2, 200.0), (0.7, 329.63), (1.2, 200.0)):
        part = made[round(begin_s * SAMPLE_RATE) : round((begin_s + 0.25) * SAMPLE_RATE)]
        assert pitch_of(part, wanted) == pytest.approx(wanted, rel=3e-3)


def test_key_and_cable_sound_only_while_something_is_sung():
    notes = (Note(64, 1.0, 0),)
    assert not sing(engine(cross(), notes=notes, drive=held("note", 50.0)), rest(0.5)).any()


def test_shifts_are_whole_semitones_unless_steps_are_off():
    for steps, wanted in ((1.0, 220.0 * 2.0 ** (3.0 / 12.0)), (0.0, 220.0 * 2.0 ** (3.4 / 12.0))):
        made = crossed(vowel(220.0, seconds=1.5), pitch_shift=3.4, pitch_steps=steps)[SETTLED]
        assert pitch_of(made, wanted) == pytest.approx(wanted, rel=2e-3)


def test_a_knob_between_two_semitones_does_not_flicker():
    def drive(params, seconds):
        params.drive("pitch_shift", 3.5 + 0.05 * np.sign(np.sin(200.0 * seconds)))

    mode, asked = cross(), set()
    player, heard = engine(mode, drive=drive), vowel(220.0)
    for at in range(0, len(heard), HOP):
        player.render(np.empty(HOP, np.float32), heard[at : at + HOP])
        asked.add(mode._shift)
    assert len(asked - {0.0}) == 1


def test_the_middle_of_a_jack_changes_nothing():
    config = load_config(mode="cross")
    mode = cross()
    CvRouter(config.cv.routes, mode.params).apply((np.nan,) + (2.5,) * 5 + (np.nan,) * 6)
    defaults = {spec.name: spec.default for spec in PARAMS}
    assert {name: mode.params[name] for name in defaults} == pytest.approx(defaults)
    CvRouter(config.cv.routes, mode.params).apply((np.nan,) + (5.0,) * 5 + (np.nan,) * 6)
    ends = {name: mode.params[name] for name in ("pitch_shift", "model_mix", "noise", "formant_shift")}
    assert ends == {"pitch_shift": 24.0, "model_mix": 1.0, "noise": 2.0, "formant_shift": 1.0}


def test_the_gate_opens_and_closes_softly_and_does_not_chatter():
    heard = np.concatenate([vowel(220.0, level_db=-50.0), vowel(220.0, level_db=-54.0)])
    made = crossed(np.concatenate([heard, rest(0.5)]), threshold=-52.0)
    assert level_db(made, 1.3, 1.9) > -60.0
    assert np.abs(made[-SAMPLE_RATE // 8 :]).max() < 1e-3
    assert not crossed(vowel(220.0, level_db=-60.0), threshold=-52.0).any()


def test_dry_and_wet_keep_the_power():
    heard = vowel(220.0, seconds=1.5)
    dry, half = (crossed(heard, dry_wet=share)[SETTLED] for share in (0.0, 0.5))
    # The last stage takes out DC, and 1 Hz of it is all that differs.
    assert decibels(dry - heard[SETTLED], heard[SETTLED]) < -25.0
    assert level_db(half, 0.2, 0.8) == pytest.approx(level_db(dry, 0.2, 0.8), abs=3.0)


def test_turning_dry_and_wet_does_not_click():
    def drive(params, seconds):
        params.drive("dry_wet", 1.0 if seconds < 0.75 else 0.0)

    made = crossed(vowel(220.0, seconds=1.5), drive=drive, noise=0.0).astype(np.float64)
    rough = np.abs(np.diff(made, 2))
    around = slice(round(0.7 * SAMPLE_RATE), round(0.8 * SAMPLE_RATE))
    assert rough[around].max() < 1.5 * max(rough[30_000:33_000].max(), rough[50_000:].max())


def test_consonants_come_through_as_noise_as_loud_as_wanted():
    heard = np.concatenate([vowel(220.0, seconds=0.4), hiss(0.4)])
    whole, half, none = (crossed(heard, consonants=gain) for gain in (1.0, 0.5, 0.0))
    loud = level_db(whole, 0.55, 0.75)
    assert loud == pytest.approx(level_db(heard, 0.55, 0.75), abs=1.5)
    assert level_db(half, 0.55, 0.75) == pytest.approx(loud - 6.0, abs=1.0)
    assert level_db(none, 0.55, 0.75) < loud - 20.0
    power = np.abs(np.fft.rfft(whole[round(0.55 * SAMPLE_RATE) :])) ** 2
    low = power[: len(power) * 3 // 24].sum()
    assert low < 0.03 * power.sum()


@pytest.mark.parametrize("number", [0, 1, 2])
def test_each_range_hears_its_voices(number):
    for f0_hz, ranges in ((55.0, (1,)), (220.0, (0, 1, 2)), (1500.0, (2,))):
        if number not in ranges:
            continue
        made = crossed(vowel(f0_hz, seconds=1.2), range=float(number), noise=0.0, model_mix=0.0)[SETTLED]
        assert pitch_of(made, f0_hz) == pytest.approx(f0_hz, rel=5e-3)


@pytest.mark.parametrize("broken", ["nan", "infinite", "offset", "clipped", "enormous"])
def test_a_broken_input_is_survived_and_shown(broken):
    heard = vowel(220.0, seconds=1.5, level_db=-12.0).copy()
    spoil = {
        "nan": lambda: heard.__setitem__(slice(20_000, 20_100), np.nan),
        "infinite": lambda: heard.__setitem__(slice(20_000, 20_100), np.inf),
        "offset": lambda: heard.__iadd__(0.3),
        "clipped": lambda: np.clip(4.0 * heard, -1.0, 1.0, out=heard),
        "enormous": lambda: heard.__imul__(1e30),
    }
    spoil[broken]()
    mode = cross(dry_wet=0.9)
    player = engine(mode)
    made = sing(player, heard)
    assert np.isfinite(made).all()
    assert np.abs(made).max() <= 1.0
    assert player.telemetry.rejected_samples == 0
    assert mode.meter.clipped == (broken in ("clipped", "enormous"))
    if broken != "enormous":
        assert pitch_of(made[SETTLED], 220.0) == pytest.approx(220.0, rel=3e-3)
        assert (abs(mode.meter.offset) > 0.1) == (broken == "offset")


def test_an_offset_alone_is_silence():
    made = crossed(np.full(2 * SAMPLE_RATE, 0.25, np.float32))
    assert np.abs(made[-SAMPLE_RATE // 2 :]).max() < 1e-3


def test_the_meter_falls_back_and_forgets_that_it_clipped():
    mode = cross()
    player = engine(mode)
    sing(player, np.clip(vowel(220.0, level_db=3.0), -1.0, 1.0))
    assert mode.meter.clipped
    sing(player, rest(1.5))
    assert not mode.meter.clipped
    assert mode.meter.level < 0.02
    assert mode.meter.f0_hz == 0.0


def test_reset_forgets_and_release_lets_keys_go():
    mode, heard = cross(), vowel(220.0, seconds=0.4)
    first = sing(engine(mode), heard)
    mode.reset()
    np.testing.assert_array_equal(sing(engine(mode), heard), first)
    player = engine(mode, notes=(Note(72, 1.0, 0),))
    sing(player, heard)
    player.release()
    assert pitch_of(sing(player, np.concatenate([heard, heard]))[SAMPLE_RATE // 3 :], 220.0) == pytest.approx(
        220.0, rel=5e-3
    )


def test_with_no_time_it_plays_fewer_harmonics():
    mode = cross(static(n_harmonics=40), noise=0.0)
    player = engine(mode)
    player.parts.shed(10, 1)
    made = partials(sing(player, vowel(200.0))[SETTLED], 200.0, 20)
    assert made[12:].max() < 1e-3 * made.max()


def test_a_silent_instrument_still_says_the_consonants():
    heard = np.concatenate([vowel(220.0, seconds=0.4), hiss(0.4)])
    made = crossed(heard, SilentDecoder(80, 65))
    assert level_db(made, 0.15, 0.35) < -70.0
    assert level_db(made, 0.55, 0.75) > -50.0


def test_morph_goes_to_the_second_instrument():
    dark, bright = static(PURE), static()
    heard = vowel(220.0, seconds=1.2)
    made = crossed(heard, MorphDecoder(dark, bright), model_mix=1.0, morph=1.0)[SETTLED]
    alone = crossed(heard, static(), model_mix=1.0)[SETTLED]
    assert decibels(made - alone, alone) < -60.0


def test_brightness_tilts_it():
    dull, bright = (
        partials(crossed(vowel(220.0), brightness=tilt, noise=0.0)[SETTLED], 220.0, 20)
        for tilt in (-6.0, 6.0)
    )
    assert bright[8:].sum() / bright[:3].sum() > 4.0 * dull[8:].sum() / dull[:3].sum()


@pytest.mark.parametrize(("harmonics", "bands"), [(120, 65), (30, 33), (80, 129)])
def test_an_instrument_of_other_sizes_takes_the_colour_too(harmonics, bands):
    colour = Colour(100, 65)
    colour.partials[:], colour.bands[:] = 0.1, 0.02
    colour.model_mix, colour.voicing = 0.0, 0.5
    decoder = ColouredDecoder(SilentDecoder(harmonics, bands), colour)
    _, noise = decoder.step([220.0], [-20.0])
    assert noise.shape == (1, bands)
    assert np.ptp(noise) < 1e-6
    assert noise.min() > 0.0


@pytest.mark.parametrize("seed", range(3))
def test_no_setting_makes_it_go_wild(seed):
    rng = np.random.default_rng(seed)

    def drive(params, _):
        for spec in PARAMS:
            params.drive(spec.name, spec.from_norm(rng.uniform()))

    heard = np.concatenate([vowel(220.0, seconds=0.5), hiss(0.3), rest(0.2)])
    made = crossed(heard, drive=drive)
    assert np.isfinite(made).all()
    assert np.abs(made).max() <= 1.0


def test_parameters_that_several_modes_have_mean_the_same():
    known = {}
    for spec in (spec for specs in MODE_PARAMS.values() for spec in specs):
        assert known.setdefault(spec.name, spec) == spec


def test_a_leap_is_played_when_it_lasts_and_not_when_it_was_misheard():
    leaps = Leaps()
    heard = [200.0] * 5 + [601.0] * 2 + [201.0] * 5 + [402.0] * 6
    played = [leaps.follow(f0_hz, True) for f0_hz in heard]
    assert played == [200.0] * 7 + [201.0] * 8 + [402.0] * 3
    assert leaps.follow(100.0, False) == 100.0
    leaps.reset()
    assert leaps.follow(900.0, True) == 900.0
