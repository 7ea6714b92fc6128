"""What every decoder promises, whoever plays it."""

import numpy as np
import pytest

from ddsp_pi.models.bundle import load_instrument
from ddsp_pi.models.card import Spectrum
from ddsp_pi.models.decoder import SilentDecoder, StaticDecoder
from ddsp_pi.models.morph import MorphDecoder
from ddsp_pi.train.export import wandering
from tests.instruments import BY_NOTES, VIOLIN

VOICES, STEPS = 5, 40
SPECTRUM = Spectrum((40.0, 1000.0, 20_000.0), (0.0, -2.0, -6.0), (-7.0,) * 65)


def morph(voices):
    made = MorphDecoder(network(voices), StaticDecoder(SPECTRUM, 40, 65, voices))
    made.morph = 0.3
    return made


def network(voices):
    return load_instrument(VIOLIN).decoder(voices)


def struck(voices):
    """All voices at the very beginning of a note."""
    made = load_instrument(BY_NOTES[0]).decoder(voices)
    for voice in range(voices):
        made.touch.strike(voice)
    return made


MAKERS = {
    "network": network,
    "struck": struck,
    "static": lambda voices: StaticDecoder(SPECTRUM, 40, 65, voices),
    "silent": lambda voices: SilentDecoder(40, 65, voices),
    "morph": morph,
}
REQUESTS = np.stack(wandering(STEPS * VOICES)[:2]).reshape(2, STEPS, VOICES)


@pytest.fixture(params=MAKERS)
def make(request):
    return MAKERS[request.param]


def played(decoder, requests):
    """(steps, V, n_harmonics + n_bands)."""
    return np.stack([np.concatenate(decoder.step(*step), axis=1) for step in np.swapaxes(requests, 0, 1)])


def test_shapes_are_as_promised(make):
    decoder = make(VOICES)
    harmonics, noise = decoder.step(np.full(VOICES, 440.0), np.full(VOICES, -20.0))
    assert decoder.voices == VOICES
    assert harmonics.shape == (VOICES, decoder.n_harmonics)
    assert noise.shape == (VOICES, decoder.n_bands)
    assert harmonics.dtype == noise.dtype == np.float32


def test_every_voice_plays_what_it_would_play_alone(make):
    together = played(make(VOICES), REQUESTS)
    for voice in range(VOICES):
        alone = played(make(1), REQUESTS[:, :, voice : voice + 1])
        np.testing.assert_allclose(together[:, voice], alone[:, 0], rtol=2e-4, atol=1e-6)


def test_forgetting_one_voice_leaves_the_others(make):
    forgetful, steady = make(VOICES), make(VOICES)
    played(forgetful, REQUESTS), played(steady, REQUESTS)
    forgetful.forget(2)
    after, untouched, fresh = (played(d, REQUESTS) for d in (forgetful, steady, make(VOICES)))
    others = [voice for voice in range(VOICES) if voice != 2]
    np.testing.assert_array_equal(after[:, others], untouched[:, others])
    np.testing.assert_array_equal(after[:, 2], fresh[:, 2])


def test_a_network_remembers_until_it_is_told_to_forget():
    decoder = network(VOICES)
    first, second = played(decoder, REQUESTS), played(decoder, REQUESTS)
    assert np.abs(first[0, 2] - second[0, 2]).max() > 1e-4


def test_reset_forgets_every_voice(make):
    decoder = make(VOICES)
    first = played(decoder, REQUESTS)
    decoder.reset()
    np.testing.assert_array_equal(played(decoder, REQUESTS), first)


def test_answers_go_where_they_are_wanted(make):
    decoder, other = make(VOICES), make(VOICES)
    arrays = [np.full_like(part, np.nan) for part in decoder.step(*REQUESTS[:, 0])]
    decoder.reset()
    decoder.answer_into(*arrays)
    for request in REQUESTS.transpose(1, 0, 2)[:3]:
        answer, wanted = decoder.step(*request), other.step(*request)
        assert all(part is array for part, array in zip(answer, arrays, strict=True))
        for part, expected in zip(arrays, wanted, strict=True):
            np.testing.assert_array_equal(part, expected)


@pytest.mark.parametrize("name", sorted(MAKERS.keys() - {"silent"}))
def test_every_voice_is_as_loud_as_it_is_asked_to_be(name):
    decoder = MAKERS[name](VOICES)
    quiet = [part.copy() for part in decoder.step(np.full(VOICES, 440.0), np.full(VOICES, -40.0))]
    decoder.reset()
    loudness = np.array([-40.0, -20.0, -40.0, -40.0, -40.0])
    harmonics, _ = decoder.step(np.full(VOICES, 440.0), loudness)
    assert (harmonics[1] ** 2).sum() > 20.0 * (quiet[0][1] ** 2).sum()
    np.testing.assert_allclose(harmonics[3], quiet[0][3], rtol=1e-4, atol=1e-7)
