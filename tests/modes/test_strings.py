from ddsp_pi.modes.strings import Strings, strings_for


def test_a_voice_alternates_while_its_last_string_rings():
    strings, gains = Strings(strings_for(1)), [0.0, 0.0]
    first = strings.take(0, gains.__getitem__)
    assert (first.silent, first.before) == (True, None)
    gains[first.string] = 0.8
    second = strings.take(0, gains.__getitem__)
    assert second == (1 - first.string, True, first.string)
    gains[second.string], gains[first.string] = 0.9, 0.2
    third = strings.take(0, gains.__getitem__)
    assert third == (first.string, False, second.string), "the fainter one, and it still sounds"


def test_the_own_string_is_taken_where_it_is_the_quietest():
    strings = Strings(strings_for(1))
    strings.take(0, [0.0, 0.5].__getitem__)
    assert strings.take(0, [0.1, 0.5].__getitem__) == (0, False, None)


def test_strings_of_others_are_never_taken():
    strings = Strings(strings_for(8))
    gains = [0.5] * strings_for(8)
    taken = [strings.take(voice, gains.__getitem__).string for voice in range(8)]
    again = [strings.take(voice, gains.__getitem__).string for voice in range(8)]
    assert len(set(taken)) == len(set(again)) == 8


def test_a_string_that_was_dropped_rings_out_for_nobody():
    strings = Strings(strings_for(2))
    string = strings.take(1, lambda _: 0.0).string
    strings.drop(1)
    assert strings.of == [None, None]
    assert strings.take(0, lambda _: 0.0).string == string
    strings.reset()
    assert strings.of == [None, None]
