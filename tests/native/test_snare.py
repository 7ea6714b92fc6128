"""The drum synthesizer in C against its oracle in numpy."""

import ctypes
import os

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ddsp_pi.dsp.drum_presets import DRUM_PRESETS
from ddsp_pi.dsp.hits import LEFT, ROWS, Hits
from ddsp_pi.dsp.native_snare import NativeSnare, make_snare
from ddsp_pi.dsp.snare import NumpySnare
from ddsp_pi.frame import HOP, SAMPLE_RATE
from ddsp_pi.native import library as native
from ddsp_pi.native.build import compile_kernel
from tests.drums import corner_values, hit_of, play, random_values

SNARE = DRUM_PRESETS["snare_1"].values


@pytest.fixture(scope="module")
def plain(compiler, tmp_path_factory):
    """The variant for a PC without AVX2."""
    path, patch = tmp_path_factory.mktemp("plain") / "plain.so", pytest.MonkeyPatch()
    with patch.context() as environment:
        environment.setenv("CC", f"{compiler} -DHAS_WIDE=0")
        assert compile_kernel(path) is None
    return ctypes.CDLL(os.fspath(path))


def perform(snare, seed, sizes, pieces=150, strike=0.15):
    """Random hits at random samples, sometimes choked."""
    rng, parts = np.random.default_rng(seed), []
    for piece in range(pieces):
        if rng.uniform() < strike:
            if rng.uniform() < 0.2:
                snare.hits.choke(int(rng.integers(HOP)))
            snare.hits.strike(random_values(int(rng.integers(1000)))[0], int(rng.integers(2 * HOP)))
        parts.append(snare.render(sizes[piece % len(sizes)]).copy())
    return np.concatenate(parts)


@pytest.mark.parametrize("name", DRUM_PRESETS)
def test_it_plays_the_drums_that_numpy_plays(library, name):
    hit = DRUM_PRESETS[name].values
    made, wanted = (hit_of(snare, hit) for snare in (NativeSnare(library), NumpySnare()))
    assert np.abs(made - wanted).max() < 1e-6


@pytest.mark.parametrize("draw", [random_values, corner_values])
def test_it_plays_any_hit_that_numpy_plays(library, draw):
    for hit in draw(7, 20):
        made, wanted = (hit_of(snare, hit) for snare in (NativeSnare(library), NumpySnare()))
        assert np.abs(made - wanted).max() < 3e-5


@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 2**31),
    sizes=st.lists(st.integers(1, HOP), min_size=1, max_size=5),
)
def test_it_performs_what_numpy_performs(library, seed, sizes):
    snares = NativeSnare(library), NumpySnare()
    made, wanted = (perform(snare, seed, sizes) for snare in snares)
    assert np.abs(made - wanted).max() < 1e-4
    np.testing.assert_array_equal(*(snare.hits.table[:, LEFT] > 0.0 for snare in snares))
    assert snares[0].clock == snares[1].clock


def test_more_hits_than_there_is_room_for(library):
    snares = NativeSnare(library), NumpySnare()
    made, wanted = (perform(snare, 1, (HOP, 3, 40), strike=0.9) for snare in snares)
    assert np.abs(made - wanted).max() < 2e-4


@pytest.mark.parametrize("name", DRUM_PRESETS)
@pytest.mark.parametrize("sizes", [(1,), (31, 97, 5), (7,)])
def test_any_cut_into_pieces_plays_the_same(library, name, sizes):
    hit = DRUM_PRESETS[name].values
    whole, cut = (hit_of(NativeSnare(library), hit, 60 * HOP, pieces) for pieces in ((HOP,), sizes))
    assert np.abs(cut - whole).max() < 1e-6


def test_the_variant_for_every_pc_plays_the_same(plain):
    for hit in (*random_values(3, 5), *corner_values(3, 5), SNARE):
        made, wanted = (hit_of(snare, hit, 60 * HOP) for snare in (NativeSnare(plain), NumpySnare()))
        assert np.abs(made - wanted).max() < 3e-5


def test_a_long_wait_for_a_hit_does_no_harm(library):
    snare = NativeSnare(library)
    snare.hits.strike(SNARE, after=1_000_000)
    assert not play(snare, 50 * HOP).any()
    assert np.isfinite(snare.hits.table[:, :LEFT]).all()


def denormal(numbers):
    sizes = np.abs(numbers)
    return bool(((sizes > 0.0) & (sizes < np.finfo(numbers.dtype).tiny)).any())


def test_two_minutes_of_hits_at_twenty_per_second(library):
    snare, most = NativeSnare(library), 0
    hits = [random_values(i)[0] for i in range(50)]
    for strike in range(2 * 60 * 20):
        snare.hits.strike(hits[strike % len(hits)])
        for _ in range(SAMPLE_RATE // HOP // 20):
            made = snare.render(HOP)
            assert not denormal(made)
            assert not denormal(snare.hits.table)
        assert np.isfinite(made).all()
        most = max(most, snare.hits.ringing)
    assert most <= ROWS
    play(snare, 8 * SAMPLE_RATE)
    assert snare.hits.ringing == 0
    fresh = NativeSnare(library)
    play(fresh, snare.clock)
    np.testing.assert_array_equal(hit_of(snare, SNARE), hit_of(fresh, SNARE))


def test_reset_begins_again(library):
    snare = NativeSnare(library)
    first = perform(snare, 2, (HOP, 9))
    snare.reset()
    assert snare.clock == snare.hits.ringing == 0
    np.testing.assert_array_equal(perform(snare, 2, (HOP, 9)), first)


def test_without_a_kernel_numpy_plays():
    with native.choose("numpy"):
        assert isinstance(make_snare(), NumpySnare)


def test_a_table_has_room_for_all_hits():
    assert Hits().table.shape[0] == ROWS
