import math
import socket

import pytest

from ddsp_pi.control.subscribers import LASTS_S, MOST, Subscribers

HERE = "127.0.0.1"


class Clock:
    def __init__(self):
        self.s = 100.0

    def __call__(self):
        return self.s


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def subscribers(clock):
    subscribers = Subscribers(False, clock)
    yield subscribers
    subscribers.close()


@pytest.fixture
def ears():
    """Sockets that listen, each on its own port."""
    made = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(MOST + 1)]
    for ear in made:
        ear.bind((HERE, 0))
        ear.setblocking(False)
    yield made
    for ear in made:
        ear.close()


def port(ear):
    return ear.getsockname()[1]


def heard(ear):
    try:
        return ear.recv(2048)
    except BlockingIOError:
        return None


def test_nobody_is_told_before_somebody_comes(subscribers, ears):
    assert not subscribers
    subscribers.send(b"one")
    subscribers.add(HERE, port(ears[0]))
    assert subscribers
    subscribers.send(b"two")
    assert (heard(ears[0]), heard(ears[0])) == (b"two", None)


def test_a_subscription_that_is_not_renewed_expires(subscribers, clock, ears):
    subscribers.add(HERE, port(ears[0]))
    clock.s += LASTS_S - 1.0
    subscribers.add(HERE, port(ears[1]))
    clock.s += 1.5
    subscribers.send(b"hello")
    assert (heard(ears[0]), heard(ears[1])) == (None, b"hello")
    clock.s += LASTS_S
    subscribers.send(b"anyone?")
    assert heard(ears[1]) is None
    assert not subscribers


def test_a_renewal_makes_it_last_longer_and_no_double(subscribers, clock, ears):
    for _ in range(3):
        subscribers.add(HERE, port(ears[0]))
        clock.s += LASTS_S - 1.0
    subscribers.send(b"hello")
    assert (heard(ears[0]), heard(ears[0])) == (b"hello", None)


def test_one_too_many_takes_the_place_of_the_one_that_renewed_longest_ago(subscribers, ears):
    for ear in ears[:MOST]:
        subscribers.add(HERE, port(ear))
    subscribers.add(HERE, port(ears[0]))
    subscribers.add(HERE, port(ears[MOST]))
    subscribers.send(b"hello")
    told = [heard(ear) is not None for ear in ears]
    assert told == [True, False] + [True] * (MOST - 1)


def test_newcomers_are_named_once_and_again_after_they_were_gone(subscribers, clock, ears):
    address = (HERE, port(ears[0]))
    subscribers.add(*address)
    assert subscribers.newcomers() == [address]
    subscribers.add(*address)
    assert subscribers.newcomers() == []
    clock.s += LASTS_S
    subscribers.add(*address)
    assert subscribers.newcomers() == [address]


@pytest.mark.parametrize("host", ["192.168.1.20", "8.8.8.8", "255.255.255.255", "0.0.0.0"])
def test_other_computers_listen_only_where_they_may(subscribers, host):
    with pytest.raises(ValueError, match=r"osc\.lan"):
        subscribers.add(host, 9001)
    everybody = Subscribers(True)
    everybody.add(host, 9001)
    assert everybody.newcomers() == [(host, 9001)]
    everybody.close()


@pytest.mark.parametrize("host", ["rack.local", "", "127.1", "::1", 3, None, 127.0, b"127.0.0.1"])
def test_a_host_that_is_no_number_is_refused(subscribers, host):
    with pytest.raises(ValueError, match="host"):
        subscribers.add(host, 9001)


def test_this_computer_has_a_name(subscribers, ears):
    subscribers.add("localhost", port(ears[0]))
    assert subscribers.newcomers() == [(HERE, port(ears[0]))]


@pytest.mark.parametrize("number", [0, -1, 65_536, 1.5, math.nan, math.inf, True, "9001", None, b"\x00"])
def test_a_port_that_is_none_is_refused(subscribers, number):
    with pytest.raises(ValueError, match="UDP port"):
        subscribers.add(HERE, number)
    assert not subscribers


def test_a_port_may_be_a_whole_float_as_pd_sends_it(subscribers, ears):
    subscribers.add(HERE, float(port(ears[0])))
    subscribers.send(b"hello")
    assert heard(ears[0]) == b"hello"


def test_who_cannot_be_reached_does_not_keep_the_others_from_hearing(ears):
    everybody = Subscribers(True)
    everybody.add("255.255.255.255", 9001)
    everybody.add(HERE, port(ears[0]))
    everybody.send(b"hello")
    assert heard(ears[0]) == b"hello"
    everybody.send(b"x" * 100_000)
    everybody.close()
    everybody.send(b"too late")
    assert heard(ears[0]) is None
