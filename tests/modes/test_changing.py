import threading
import weakref

import numpy as np
import pytest

from ddsp_pi.frame import HOP, SAMPLE_RATE
from ddsp_pi.models.bundle import load_instrument
from ddsp_pi.models.card import Spectrum
from ddsp_pi.models.decoder import StaticDecoder
from ddsp_pi.models.morph import MorphDecoder
from ddsp_pi.modes.changing import FADE_SAMPLES
from ddsp_pi.modes.cv import CvMode
from tests.instruments import VIOLIN, own_violin
from tests.playing import PURE, SPECTRUM, engine, gate, play, static
from tests.references import decibels

CHANGE, END = 192 * HOP, 384 * HOP
FADED = CHANGE + FADE_SAMPLES + 2 * HOP
SLIGHT = Spectrum((40.0, 20_000.0), (0.0, -9.0), (-30.0,) * 65)


class Recorder:
    """A decoder that keeps what it was asked and what it answered since its last reset."""

    def __init__(self, decoder):
        self._decoder = decoder
        self.voices, self.n_harmonics, self.n_bands = decoder.voices, decoder.n_harmonics, decoder.n_bands
        self.pitch_range_hz, self.loudness_range_db = decoder.pitch_range_hz, decoder.loudness_range_db
        self.reset()

    def answer_into(self, *arrays):
        self._decoder.answer_into(*arrays)

    def step(self, *request):
        answer = self._decoder.step(*request)
        self.steps.append(([np.array(part) for part in request], [part.copy() for part in answer]))
        return answer

    def reset(self):
        self._decoder.reset()
        self.steps = []


@pytest.fixture(scope="module")
def dark(tmp_path_factory):
    return load_instrument(own_violin(tmp_path_factory.mktemp("own") / "dark.onnx"))


@pytest.fixture(scope="module")
def violin():
    return load_instrument(VIOLIN)


def moving(params, seconds):
    """A held note with vibrato and a swell."""
    params.drive("note", 69.0 + 0.3 * np.sin(35.0 * seconds))
    params.drive("loudness", -24.0 + 6.0 * np.sin(3.0 * seconds))


def played(first, then=(), block=HOP):
    """A held note of a second; from `CHANGE` on other decoders come in, one every 21 ms."""
    mode = CvMode(first)
    player = engine(mode, gate(0.0), drive=moving)
    parts = [play(player, CHANGE / SAMPLE_RATE, block)]
    for at in range(3):
        if at < len(then):
            mode.use(then[at])
        parts.append(play(player, 8 * HOP / SAMPLE_RATE, block))
    return np.concatenate([*parts, play(player, (END - CHANGE - 24 * HOP) / SAMPLE_RATE, block)])


def roughest(audio):
    """The largest second difference around the change: what a click raises."""
    around = audio[CHANGE - 4800 : CHANGE + 9600].astype(np.float64)
    return float(np.abs(np.diff(around, 2)).max())


def test_changing_to_the_very_same_instrument_is_not_heard():
    steady, changed = played(static()), played(static(), [static()])
    assert decibels(changed - steady, steady) < -110.0


@pytest.mark.parametrize("block", [HOP, 50, 1000])
def test_a_change_does_not_click(violin, dark, block):
    changed = played(violin.decoder(), [dark.decoder()], block=block)
    steady = [played(instrument.decoder(), block=block) for instrument in (violin, dark)]
    assert roughest(changed) < 1.1 * max(map(roughest, steady))
    np.testing.assert_array_equal(changed[:CHANGE], steady[0][:CHANGE])
    # The network remembers a while, and it has another past.
    assert decibels((changed - steady[1])[FADED:], steady[1][FADED:]) < -24.0
    assert decibels((changed - steady[0])[FADED:], steady[0][FADED:]) > -14.0


def test_a_change_of_a_smooth_tone_does_not_click():
    tones = StaticDecoder(PURE, 3, 65), StaticDecoder(SLIGHT, 3, 65)
    steady = [played(tone) for tone in tones]
    cut = np.concatenate([steady[0][:CHANGE], 0.8 * steady[1][CHANGE:]])
    assert roughest(cut) > 2.0 * max(map(roughest, steady)), "a click must be seen"
    assert roughest(played(tones[0], tones[1:])) < 1.02 * max(map(roughest, steady))


def test_a_change_to_another_size_does_not_click():
    small = StaticDecoder(PURE, 3, 65)
    large = StaticDecoder(SPECTRUM, 100, 65)
    for first, then in ((small, large), (large, small)):
        assert roughest(played(first, [then])) < 1.1 * max(roughest(played(d)) for d in (first, then))


def test_changes_in_a_hurry_end_at_the_last_and_do_not_click(violin, dark):
    changed = played(violin.decoder(), [dark.decoder(), violin.decoder(), dark.decoder()])
    steady = [played(instrument.decoder()) for instrument in (violin, dark)]
    assert roughest(changed) < 1.1 * max(map(roughest, steady))
    assert decibels((changed - steady[1])[-4800:], steady[1][-4800:]) < -30.0


def test_what_plays_afterwards_is_the_new_instrument_to_the_bit(violin, dark):
    recorder, fresh = Recorder(dark.decoder()), dark.decoder()
    played(violin.decoder(), [recorder])
    assert len(recorder.steps) == (END - CHANGE) // HOP
    for request, answer in recorder.steps:
        for part, wanted in zip(answer, fresh.step(*request), strict=True):
            np.testing.assert_array_equal(part, wanted)


def test_the_old_instrument_is_asked_until_the_fade_ends_and_not_after(violin, dark):
    recorder = Recorder(violin.decoder())
    played(recorder, [dark.decoder()])
    assert len(recorder.steps) == (CHANGE + FADE_SAMPLES) // HOP


def test_the_render_thread_opens_and_frees_no_network(tmp_path, monkeypatch):
    import onnxruntime

    file = own_violin(tmp_path / "dark.onnx")
    opened, freed = [], []

    class Session(onnxruntime.InferenceSession):
        def __init__(self, *arguments, **named):
            opened.append(threading.current_thread())
            weakref.finalize(self, lambda: freed.append(threading.current_thread()))
            super().__init__(*arguments, **named)

    monkeypatch.setattr(onnxruntime, "InferenceSession", Session)
    monkeypatch.setattr("ddsp_pi.models.bundle.kernel", lambda: None)
    mode = CvMode(load_instrument(VIOLIN).decoder())
    player = engine(mode, gate(0.0), drive=moving)
    opened.clear()
    for _ in range(3):
        change = threading.Thread(target=lambda: mode.use(load_instrument(file).decoder()))
        change.start()
        change.join()
        play(player, 0.2)
    assert len(opened) == 3
    assert freed
    assert threading.current_thread() not in opened + freed


def test_a_reset_ends_the_fade_but_not_the_change():
    mode = CvMode(static())
    player = engine(mode, gate(0.0))
    play(player, 0.2)
    mode.use(static(PURE))
    play(player, 0.02)
    mode.reset()
    after, wanted = (engine(one, gate(0.0)) for one in (mode, CvMode(static(PURE))))
    np.testing.assert_array_equal(play(after, 0.2), play(wanted, 0.2))


def test_the_morph_parameter_reaches_both_instruments_of_a_change():
    def morphing(first, then=()):
        mode = CvMode(first)
        mode.params.set("morph", 1.0)
        player = engine(mode, gate(0.0), drive=moving)
        before = play(player, 0.5)
        for decoder in then:
            mode.use(decoder)
        return np.concatenate([before, play(player, 0.5)])

    changed = morphing(MorphDecoder(static(), static(PURE)), [MorphDecoder(static(), static(PURE))])
    alone = morphing(static(PURE))
    assert decibels(changed - alone, alone) < -90.0
