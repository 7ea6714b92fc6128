"""The sample clock against simulated audio clocks: jitter, drift, missed periods."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddsp_pi.engine.clock import AGREEING, TRANSPORT_NS, DelayLocked, SampleCount
from ddsp_pi.frame import SAMPLE_RATE, nanoseconds

START_NS = 77_123_456_789_012
PERIODS = (32, 64, 128, 256, 512)


class Card:
    """A sound card: its own rate, jittered calls, periods that it may miss."""

    def __init__(self, period, ppm=0.0, jitter_ms=0.3, late_share=0.01, seed=1):
        self.period, self.late_share, self.jitter_ns = period, late_share, jitter_ms * 1e6
        self.period_ns = period * 1e9 / SAMPLE_RATE * (1.0 + ppm * 1e-6)
        self.random = np.random.default_rng(seed)
        self.due_ns = float(START_NS)
        self.called_ns = START_NS
        self.clock = DelayLocked(period, now=lambda: self.called_ns)
        self.position = -period

    def call(self, behind_ns=0.0):
        """The next block: rendered at `position`, due at `due_ns` on the card."""
        self.position += self.period
        self.due_ns += self.period_ns
        late_ns = 1e6 * (self.random.random() < self.late_share)
        self.called_ns = round(
            self.due_ns + self.random.uniform(-1, 1) * self.jitter_ns + late_ns + behind_ns
        )
        self.clock.block(self.period)

    def run(self, seconds):
        for _ in range(round(seconds * SAMPLE_RATE / self.period)):
            self.call()

    def miss(self, periods):
        self.due_ns += periods * self.period_ns

    def offset_ms(self, within):
        """From an event to its sample as the card plays it; the event lies so far inside the block."""
        at_ns = round(self.due_ns + within * self.period_ns) - self.clock.delay_ns
        sample = self.clock.sample(at_ns)
        plays_ns = self.due_ns + (sample - self.position) * self.period_ns / self.period
        return (plays_ns - at_ns) / 1e6

    def offsets_ms(self, seconds):
        found = []
        for _ in range(round(seconds * SAMPLE_RATE / self.period)):
            self.call()
            found.append(self.offset_ms(self.random.random()))
        return np.array(found)


def spread_ms(offsets):
    """Within this of the median lie 99 %."""
    return np.quantile(np.abs(offsets - np.median(offsets)), 0.99)


@pytest.mark.parametrize("ppm", [-200, 0, 200])
@pytest.mark.parametrize("period", PERIODS)
def test_events_keep_their_distance_whatever_the_jitter(period, ppm):
    card = Card(period, ppm)
    card.run(1.0)
    offsets = card.offsets_ms(20.0)
    assert spread_ms(offsets) < 0.1
    assert np.median(offsets) == pytest.approx(card.clock.delay_ns / 1e6, abs=0.05)


def test_without_a_loop_the_jitter_would_be_heard():
    card = Card(128)
    raw = []
    for _ in range(2000):
        card.call()
        raw.append((card.called_ns - card.due_ns) / 1e6)
    assert spread_ms(np.array(raw)) > 0.2


@pytest.mark.parametrize("ppm", [-200, 200])
def test_a_clock_of_another_rate_is_followed(ppm):
    card = Card(128, ppm, jitter_ms=0.0, late_share=0.0)
    card.run(5.0)
    first = card.offset_ms(0.5)
    card.run(60.0)
    assert card.offset_ms(0.5) == pytest.approx(first, abs=0.03)
    n = 1_000_000
    length = card.clock.time_ns(card.position + n) - card.clock.time_ns(card.position)
    assert length == pytest.approx(n * 1e9 / SAMPLE_RATE * (1 + ppm * 1e-6), rel=1e-5)


@pytest.mark.parametrize("missed", [1, 2, 7])
@pytest.mark.parametrize("period", PERIODS)
def test_missed_periods_shift_the_map_by_as_many(period, missed):
    card = Card(period)
    card.run(2.0)
    card.miss(missed)
    card.run(max(0.1, 32 * period / SAMPLE_RATE))
    after = card.offsets_ms(1.0)
    assert np.median(after) == pytest.approx(card.clock.delay_ns / 1e6, abs=0.1)
    assert spread_ms(after) < 0.1


@pytest.mark.parametrize("period", PERIODS)
def test_after_a_pause_of_seconds_the_clock_locks_again_within_one(period):
    card = Card(period)
    card.run(2.0)
    card.miss(20 * SAMPLE_RATE // period)
    card.run(1.0)
    after = card.offsets_ms(2.0)
    assert np.median(after) == pytest.approx(card.clock.delay_ns / 1e6, abs=0.1)
    assert spread_ms(after) < 0.1


@pytest.mark.parametrize("missed", [1.2, 1.8, 3.4])
def test_a_new_phase_after_an_interruption_is_found_within_a_fifth_of_a_second(missed):
    card = Card(128)
    card.run(2.0)
    card.miss(missed)
    card.run(0.2)
    assert np.median(card.offsets_ms(0.2)) == pytest.approx(card.clock.delay_ns / 1e6, abs=0.15)


@pytest.mark.parametrize("share", [-0.4, -0.1, 0.1, 0.4])
@pytest.mark.parametrize("period", PERIODS)
def test_a_timer_that_begins_anew_within_a_period_is_found_within_twenty_calls(period, share):
    """As JACK's dummy driver does after an xrun: no period is missed, all come earlier or later."""
    card = Card(period, jitter_ms=0.02, late_share=0.0)
    card.run(2.0)
    card.due_ns += share * card.period_ns
    for _ in range(20):
        card.call()
    after = card.offsets_ms(0.3)
    assert np.median(after) == pytest.approx(card.clock.delay_ns / 1e6, abs=0.07)
    assert spread_ms(after) < 0.05


def test_a_call_that_is_late_once_shifts_nothing():
    card = Card(64, jitter_ms=0.0, late_share=0.0)
    card.run(2.0)
    before = card.offset_ms(0.5)
    # The card has buffered: the calls that are overdue follow at once.
    for behind in (4, 3, 2, 1, 0):
        card.call(behind * card.period_ns)
        assert card.offset_ms(0.5) == pytest.approx(before, abs=0.1)


def test_blocks_that_come_two_at_a_time_do_not_shake_the_map():
    card = Card(128, jitter_ms=0.0, late_share=0.0)
    offsets = []
    for pair in range(2000):
        for half in (0, 1):
            card.position += 128
            card.due_ns = START_NS + (2 * pair + half) * card.period_ns
            card.called_ns = round(START_NS + 2 * pair * card.period_ns)
            card.clock.block(128)
            offsets.append(card.offset_ms(0.5))
    assert spread_ms(np.array(offsets[750:])) < 0.1


def test_the_delay_is_a_block_and_a_millisecond():
    clock = DelayLocked(128, now=lambda: START_NS)
    assert clock.delay_ns == nanoseconds(128) + TRANSPORT_NS
    # A server with longer blocks than were asked for: an event needs as long to be known.
    clock.block(256)
    assert clock.delay_ns == nanoseconds(256) + TRANSPORT_NS
    assert DelayLocked(128, 5, now=lambda: START_NS).delay_ns == 5


def test_an_event_that_is_known_in_time_never_lies_before_the_block():
    card = Card(128, jitter_ms=0.05, late_share=0.0)
    card.run(1.0)
    for _ in range(500):
        previous_ns = card.called_ns
        card.call()
        assert card.clock.sample(previous_ns) >= card.position - 1


@given(
    ns=st.integers(0, 10**13),
    sample=st.integers(0, 10**9),
)
def test_counted_time_has_an_inverse(ns, sample):
    clock = SampleCount()
    assert clock.sample(clock.time_ns(sample)) == sample
    assert abs(clock.time_ns(clock.sample(ns)) - ns) <= 1e9 / SAMPLE_RATE / 2 + 1


calls = st.lists(
    st.tuples(st.sampled_from([1, 17, 32, 64, 100, 128, 512]), st.floats(-0.45, 0.45)),
    min_size=2,
    max_size=AGREEING,
)


@given(blocks=calls, events=st.lists(st.floats(0.0, 1.0), min_size=1, max_size=50))
def test_an_event_falls_into_one_block_and_one_only(blocks, events):
    """While no block is late by half its length, nor a row of them by less; those jump, as told above."""
    time_ns, position, windows = START_NS, 0, []
    clock = DelayLocked(64, 0, now=lambda: time_ns)
    maps = []
    for n, jitter in blocks:
        # Off its time on the map by a share of its length.
        time_ns = clock.time_ns(position) + round(jitter * n * 1e9 / SAMPLE_RATE)
        clock.block(n)
        maps.append((position, n, clock.time_ns(position), clock.time_ns(position + n)))
        inside = {round(maps[0][2] + e * 50e6) for e in events}
        windows.append({at for at in inside if position <= clock.sample(at) < position + n})
        assert clock.sample(clock.time_ns(position)) == position
        assert clock.sample(clock.time_ns(position + n) - 1) == position + n - 1
        position += n
    for (_, _, _, end), (_, _, begin, _) in pairwise(maps):
        assert begin == end
    covered = {at for at in inside if at < maps[-1][3]}
    assert sum(len(window) for window in windows) == len(covered)
    assert set().union(*windows) == covered


@given(ages=st.lists(st.integers(-(10**10), 10**10), min_size=1), blocks=calls)
def test_samples_and_times_are_each_others_inverse(ages, blocks):
    now = START_NS
    clock = DelayLocked(64, now=lambda: now)
    position = 0
    for n, jitter in blocks:
        clock.block(n)
        now += round(n * 1e9 / SAMPLE_RATE * (1 + jitter))
        position += n
    for age in ages:
        assert clock.sample(clock.time_ns(position + age)) == position + age
