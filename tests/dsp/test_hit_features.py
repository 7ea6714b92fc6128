import numpy as np
import pytest

from ddsp_pi.dsp.hit_features import WINDOW, HitListener, hit_features
from ddsp_pi.dsp.native_onset import NativeOnsets
from ddsp_pi.dsp.onset import PythonOnsets
from ddsp_pi.frame import SAMPLE_RATE
from tests.drumming import CHOSEN, HELD_OUT, Player, hits_of, true_onset


def reference(x):
    """The formulas of the paper's code, bin by bin in float64."""
    n = np.arange(WINDOW)
    tapered = x * (0.5 - 0.5 * np.cos(2.0 * np.pi * n / WINDOW))
    turns = np.exp(-2j * np.pi * np.outer(np.arange(WINDOW // 2 + 1), n) / WINDOW)
    magnitudes = np.abs(turns @ tapered)
    hz = (np.arange(WINDOW // 2 + 1) * magnitudes).sum() / magnitudes.sum() * SAMPLE_RATE / WINDOW
    powers = np.maximum(magnitudes**2, 1e-10)
    flatness = np.exp(np.log(powers).mean()) / powers.mean()
    return (
        20.0 * np.log10(np.sqrt((x**2).mean() + 1e-8) + 1e-8),
        12.0 * np.log2((hz + 1e-8) / 440.0) + 69.0,
        20.0 * np.log10(flatness + 1e-8),
    )


def numbers(features):
    return features.loudness_db, features.centroid, features.flatness_db


def windows():
    """The beginning of every recorded hit, at three levels."""
    for drum in CHOSEN + HELD_OUT:
        for way in ("stick", "sidestick", "rimshot", "muted", "brush"):
            for hit in hits_of(drum, way):
                start = true_onset(hit)
                yield from (hit[start : start + WINDOW] * level for level in (1.0, 0.1, 0.005))


def test_they_are_the_formulas_of_the_paper():
    rows = [(numbers(hit_features(window)), reference(window.astype(np.float64))) for window in windows()]
    mine, wanted = np.moveaxis(np.array(rows), 1, 0)
    assert len(rows) == 81
    np.testing.assert_allclose(mine, wanted, atol=1e-3)


def test_a_sine_is_loud_where_it_is_and_not_flat():
    sine = 0.5 * np.sin(2.0 * np.pi * 3000.0 * np.arange(WINDOW) / SAMPLE_RATE)
    features = hit_features(sine)
    assert features.loudness_db == pytest.approx(-9.03, abs=0.01)
    assert features.centroid == pytest.approx(69.0 + 12.0 * np.log2(3000.0 / 440.0), abs=0.1)
    assert features.flatness_db < -100.0


def test_an_impulse_is_flat():
    assert hit_features(np.eye(1, WINDOW, WINDOW // 2)[0]).flatness_db == pytest.approx(0.0, abs=1e-6)


def test_silence_has_features_too():
    features = hit_features(np.zeros(WINDOW, np.float32))
    assert numbers(features) == pytest.approx((-80.0, 0.0, 0.0), abs=1e-3)


@pytest.fixture(params=["python", "native"])
def make(request):
    if request.param == "python":
        return lambda: HitListener(PythonOnsets())
    library = request.getfixturevalue("library")
    return lambda: HitListener(NativeOnsets(library))


def listen(listener, audio, size=128):
    """All onsets, and all hits with the sample at which they were told."""
    onsets, hits, at = [], [], 0
    while at < len(audio):
        piece = audio[at : at + size]
        onset, ready = listener.hear(piece)
        at += len(piece)
        onsets += [onset] if onset else []
        hits += [(hit, at) for hit in ready]
    return onsets, hits


@pytest.mark.parametrize("size", [1, 50, 128])
def test_the_features_come_256_samples_after_the_onset(make, size):
    audio = Player("13b", seed=1).roll(45, strokes=5).audio[: SAMPLE_RATE * 3 // 2]
    onsets, hits = listen(make(), audio, size)
    assert [hit.onset for hit, _ in hits] == onsets
    assert len(hits) == 5
    for hit, told in hits:
        start = int(hit.onset.time)
        assert hit.ready_at == start + WINDOW
        assert hit.ready_at <= told < hit.ready_at + size
        assert hit.features == hit_features(audio[start : start + WINDOW])


def test_reset_forgets_a_hit_that_is_not_ready(make):
    listener, audio = make(), Player("12", seed=1).roll(60, strokes=1).audio[: SAMPLE_RATE * 3 // 2]
    (onset,), ((hit, _),) = listen(listener, audio)
    listener.reset()
    assert listen(listener, audio[: onset.heard_at]) == ([onset], [])
    listener.reset()
    assert listen(listener, audio)[1][0][0] == hit


def test_what_is_no_number_makes_no_feature_that_is_none(make):
    audio = Player("12", seed=1).roll(60, strokes=1).audio[: SAMPLE_RATE * 3 // 2].copy()
    ((hit, _),) = listen(make(), audio)[1]
    audio[hit.ready_at - 20 : hit.ready_at - 10] = np.nan, np.inf, *8 * [np.nan]
    ((hit, _),) = listen(make(), audio)[1]
    assert np.isfinite(numbers(hit.features)).all()


def ranks(values):
    return np.argsort(np.argsort(values))


def test_what_is_heard_live_ranks_hits_as_they_were_played(library):
    """Louder hits as louder, brighter as brighter, though others still ring and the onset is a guess."""
    heard, played = [], []
    for drum in HELD_OUT:
        phrase = Player(drum, seed=7).groove()
        for hit, _ in listen(HitListener(NativeOnsets(library)), phrase.audio)[1]:
            near = phrase.truth[np.abs(phrase.truth - hit.onset.time) < 480]
            if len(near):
                heard.append(numbers(hit.features))
                played.append(numbers(hit_features(phrase.audio[near[0] : near[0] + WINDOW])))
    likeness = [
        np.corrcoef(ranks(mine), ranks(its))[0, 1]
        for mine, its in zip(*map(np.transpose, (heard, played)), strict=True)
    ]
    assert len(heard) > 200
    assert min(likeness) > 0.9
