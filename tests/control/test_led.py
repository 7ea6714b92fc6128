import pytest

from ddsp_pi.control.led import FLICKER_S, PATTERNS, Led


@pytest.fixture
def seen():
    return []


@pytest.fixture
def led(seen):
    return Led(seen.append)


def flashes(led: Led, seen: list[bool], seconds: float) -> list[tuple[float, bool]]:
    """When the light changed, looking a hundred times a second."""
    changes = []
    for step in range(round(seconds * 100)):
        seen.clear()
        led.beat(step / 100)
        changes += [(step / 100, lit) for lit in seen]
    return changes


def test_it_pulses_slowly_at_the_start_and_is_steady_when_ready(led, seen):
    assert [at for at, _ in flashes(led, seen, 3.5)] == [0.0, 1.0, 2.0, 3.0]
    led.say("starting", False)
    assert [lit for _, lit in flashes(led, seen, 5.0)] == [True]


@pytest.mark.parametrize(("what", "blinks"), [("xrun", 2), ("configuration", 3), ("hot", 4)])
def test_trouble_is_counted_in_blinks(led, seen, what, blinks):
    led.say("starting", False)
    led.say(what)
    period = sum(PATTERNS[what])
    changes = flashes(led, seen, period - 0.02)
    assert [lit for _, lit in changes].count(True) == blinks
    assert period - changes[-1][0] > 1.0


def test_the_more_urgent_is_said_first_and_the_other_after_it(led, seen):
    led.say("xrun")
    led.say("hot")
    assert [lit for _, lit in flashes(led, seen, 2.4)].count(True) == 4
    led.say("hot", False)
    assert [lit for _, lit in flashes(led, seen, 1.7)].count(True) == 2


def test_sos_is_three_short_three_long_three_short():
    lit, dark = PATTERNS["sos"][::2], PATTERNS["sos"][1::2]
    assert [length > 0.3 for length in lit] == [False] * 3 + [True] * 3 + [False] * 3
    assert dark[-1] > max(dark[:-1])


def test_whoever_plays_sets_the_light_while_there_is_nothing_else_to_say(led, seen):
    led.say("starting", False)
    led.ask(False)
    led.beat(0.0)
    led.say("next voltage")
    led.beat(0.01)
    led.say("next voltage", False)
    led.ask(True)
    led.beat(0.02)
    assert seen == [False, True]


def test_a_gate_flickers_in_steady_light_only(led, seen):
    led.say("starting", False)
    led.beat(0.0)
    led.flicker(1.0)
    led.beat(1.0)
    led.beat(1.0 + FLICKER_S)
    assert seen == [True, False, True]
    led.say("next voltage")
    seen.clear()
    led.flicker(2.0)
    led.beat(2.0)
    assert seen == []
