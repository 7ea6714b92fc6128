import numpy as np
import pytest

from ddsp_pi.models.card import Controller, SecondBank, Style
from ddsp_pi.models.touch import Touch
from ddsp_pi.modes.banks import BankedDecoder
from tests.plucked import GUITAR, ONE_BANK, Plucked

LARGE_SECOND = Style((Controller("fifth", "Of every note.", 0.25),), SecondBank(1.5, 30, "fifth"))


def banked(style=GUITAR, strings=3, **knobs):
    touch = Touch(strings)
    for string in range(strings):
        touch.strike(string)
        touch.advance(string, 0.1 * string)
    decoder = Plucked(strings, style)
    return BankedDecoder(decoder, touch, knobs), decoder


def asked(decoder, banks):
    return decoder.step(*(banks.pitches([110.0, 220.0, 330.0]), banks.both([-30.0, -20.0, -25.0])))


@pytest.mark.parametrize("gain", [0.3, 1.0])
def test_each_bank_has_its_own_part_of_the_answer(gain):
    decoder, plucked = banked(power_chord=gain)
    harmonics, noise = asked(decoder, decoder)
    whole, breath = (part.copy() for part in plucked.step([110.0, 220.0, 330.0], [-30.0, -20.0, -25.0]))
    assert (decoder.voices, decoder.n_harmonics, harmonics.shape) == (6, 24, (6, 24))
    np.testing.assert_array_equal(harmonics[:3], whole[:, :24])
    np.testing.assert_allclose(harmonics[3:, :12], gain * whole[:, 24:], rtol=1e-6)
    assert not harmonics[3:, 12:].any()
    np.testing.assert_array_equal(noise[:3], breath)
    assert not noise[3:].any()


def test_a_second_bank_that_is_off_says_nothing_even_after_it_was_on():
    knobs, touch = {"power_chord": 1.0}, Touch(1)
    touch.strike(0)
    decoder = BankedDecoder(Plucked(1), touch, knobs)
    assert decoder.step([110.0, 165.0], [-20.0, -20.0])[0][1].any()
    knobs["power_chord"] = 0.0
    decoder.begin_hop()
    assert not decoder.step([110.0, 165.0], [-20.0, -20.0])[0][1].any()


def test_without_a_second_bank_nothing_is_copied_and_half_of_the_voices_rest():
    decoder, plucked = banked(ONE_BANK)
    arrays = np.ones((6, 24), np.float32), np.ones((6, 65), np.float32)
    decoder.answer_into(*arrays)
    answer = asked(decoder, decoder)
    assert answer[0] is arrays[0]
    assert np.shares_memory(plucked._harmonics, arrays[0])
    assert not answer[0][3:].any()
    assert not answer[1][3:].any()
    assert decoder.pitches([100.0, 200.0, 300.0])[3:] == [100.0, 200.0, 300.0]


def test_a_second_bank_may_be_the_larger_one():
    decoder, _ = banked(LARGE_SECOND)
    harmonics, _ = asked(decoder, decoder)
    assert decoder.n_harmonics == 30
    assert not harmonics[:3, 24:].any()
    assert harmonics[3:].any(axis=1).all(), "it stands at its default"
    assert decoder.pitches([100.0] * 6) == [100.0] * 3 + [150.0] * 3


def test_the_decoder_is_told_how_each_string_is_played_and_its_controllers():
    decoder, plucked = banked(openness=0.25)
    asked(decoder, decoder)
    assert [row[0] for row in plucked.touch.rows] == pytest.approx([0.0, 0.1, 0.2])
    assert [row[2:] for row in plucked.touch.rows] == [[1.0, 0.25, 0.0]] * 3


def test_it_plays_what_its_instrument_has_learned():
    decoder, plucked = banked()
    assert decoder.pitch_range_hz == plucked.pitch_range_hz
    assert decoder.loudness_range_db == plucked.loudness_range_db
