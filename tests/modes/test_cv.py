import numpy as np
import pytest

from ddsp_pi.dsp.loudness import loudness_contour
from ddsp_pi.frame import HOP, SAMPLE_RATE, Note
from ddsp_pi.models.decoder import SilentDecoder
from ddsp_pi.models.morph import MorphDecoder
from ddsp_pi.modes.cv import PARAMS, CvMode
from tests.playing import PURE, engine, gate, ns, pitch_of, play, static
from tests.references import decibels

BLOCKS = (16, 32, 64, 100, 128, 256, 1024)


@pytest.mark.parametrize("volts", np.arange(-3.0, 4.25, 0.5))
def test_one_volt_per_octave_within_a_cent(volts):
    def drive(params, _):
        params.drive("note", 60.0 + 12.0 * volts)

    mode = CvMode(static(PURE, n_harmonics=3))
    audio = play(engine(mode, gate(0.0), drive=drive), 1.2)[SAMPLE_RATE // 5 :]
    wanted = 261.6255653 * 2.0**volts
    assert 1200 * abs(np.log2(pitch_of(audio, wanted) / wanted)) < 1.0


@pytest.mark.parametrize("block", BLOCKS)
@pytest.mark.parametrize("sample", [4800, 4801, 4863, 4927, 5000])
def test_a_gate_sounds_at_its_very_sample(block, sample):
    audio = play(engine(edges=gate(sample / SAMPLE_RATE)), 0.2, block)
    assert not audio[: sample - 1].any()
    # The first sample of a rise may be a zero crossing.
    assert abs(int(np.flatnonzero(audio)[0]) - sample) <= 1


@pytest.mark.parametrize("block", BLOCKS)
def test_steady_cvs_sound_the_same_in_blocks_of_any_size(block):
    def drive(params, _):
        params.drive("note", 67.0)
        params.drive("loudness", -25.0)

    edges = gate(0.1, 0.3, 0.35, 0.6)
    whole = play(engine(edges=edges, drive=drive), 0.8)
    assert decibels(play(engine(edges=edges, drive=drive), 0.8, block) - whole, whole) < -100.0


@pytest.mark.parametrize("block", BLOCKS)
def test_moving_cvs_sound_the_same_in_blocks_of_any_size(block):
    def drive(params, seconds):
        params.drive("note", 67.0 + 5.0 * np.sin(9.0 * seconds))
        params.drive("loudness", -25.0 + 10.0 * np.sin(21.0 * seconds))

    edges = gate(0.1, 0.3, 0.3507, 0.6)
    whole = play(engine(edges=edges, drive=drive), 0.8)
    assert decibels(play(engine(edges=edges, drive=drive), 0.8, block) - whole, whole) < -90.0


def test_pitch_jumps_with_the_gate_and_glides_without_a_click_when_held():
    def drive(params, seconds):
        params.drive("note", 57.0 if seconds < 0.5 else 69.0)

    mode = CvMode(static(PURE, n_harmonics=1))
    audio = play(engine(mode, gate(0.0, 0.45, 0.5), drive=drive), 1.0)
    assert pitch_of(audio[24_300:40_000], 440.0) == pytest.approx(440.0, rel=1e-3)
    held = play(engine(CvMode(static(PURE, n_harmonics=1)), gate(0.0), drive=drive), 1.0)
    steps = np.abs(np.diff(held[20_000:30_000]))
    assert steps.max() < 1.5 * np.abs(np.diff(held[30_000:40_000])).max()


def test_loudness_is_what_is_asked_for():
    for asked in (-50.0, -30.0, -15.0):

        def drive(params, _, asked=asked):
            params.drive("loudness", asked)

        audio = play(engine(edges=gate(0.0), drive=drive), 1.0)
        assert np.median(loudness_contour(audio)[100:300]) == pytest.approx(asked, abs=0.3)


def test_without_a_loudness_cable_the_envelope_shapes_the_note():
    mode = CvMode(static())
    mode.params.set("attack", 0.1)
    mode.params.set("sustain", 0.5)
    mode.params.set("decay", 0.3)
    level = loudness_contour(play(engine(mode, gate(0.0, 1.0)), 2.0))
    at = lambda seconds: level[round(seconds * 375)]  # noqa: E731
    assert at(0.03) < at(0.1) - 3.0
    assert at(0.9) == pytest.approx(at(0.11) - 6.0, abs=1.0)
    assert at(1.9) < -80.0


def test_brightness_tilts_at_equal_loudness():
    made = {}
    for tilt in (-6.0, 0.0, 6.0):
        mode = CvMode(static())
        mode.params.set("brightness", tilt)
        mode.params.set("sustain", 1.0)
        audio = play(engine(mode, gate(0.0)), 1.0)[SAMPLE_RATE // 2 :]
        spectrum = np.abs(np.fft.rfft(audio)) ** 2
        centroid = (spectrum * np.arange(len(spectrum))).sum() / spectrum.sum()
        made[tilt] = centroid, np.median(loudness_contour(audio))
    centroids = [made[tilt][0] for tilt in (-6.0, 0.0, 6.0)]
    assert centroids == sorted(centroids)
    assert centroids[2] > 1.3 * centroids[0]
    assert np.ptp([made[tilt][1] for tilt in made]) < 0.5


def test_noise_knob_scales_the_noise_alone():
    def residue(gain):
        mode = CvMode(static())
        mode.params.set("noise", gain)
        return play(engine(mode, gate(0.0)), 0.5)

    silent, trained, double = residue(0.0), residue(1.0), residue(2.0)
    assert decibels((double - silent) - 2 * (trained - silent), trained - silent) < -70.0
    assert (trained - silent).any()


def test_vibrato_swings_as_wide_and_as_fast_as_asked():
    mode = CvMode(static(PURE, n_harmonics=1))
    for name, value in {
        "vibrato_depth": 50.0,
        "vibrato_rate": 5.0,
        "note": 69.0,
        "sustain": 1.0,
        "noise": 0.0,
    }.items():
        mode.params.set(name, value)
    audio = play(engine(mode, gate(0.0)), 2.0)[SAMPLE_RATE:].astype(np.float64)
    spectrum = np.fft.fft(audio)
    spectrum[len(audio) // 2 :] = 0.0
    phase = np.unwrap(np.angle(np.fft.ifft(spectrum)))
    f0_hz = np.convolve(np.diff(phase), np.ones(200) / 200, "valid")[2000:-2000] * SAMPLE_RATE / (2 * np.pi)
    cents = 1200 * np.log2(f0_hz / 440.0)
    assert cents.max() == pytest.approx(50.0, abs=4.0)
    assert cents.min() == pytest.approx(-50.0, abs=4.0)
    assert np.sum(np.diff(np.sign(cents)) != 0) in (8, 9, 10)


def test_glide_takes_its_time():
    mode = CvMode(static(PURE, n_harmonics=1))
    mode.params.set("glide", 100.0)

    def drive(params, seconds):
        params.drive("note", 57.0 if seconds < 0.3 else 69.0)

    audio = play(engine(mode, gate(0.0), drive=drive), 1.2)
    # 63 % of an octave after one time constant.
    halfway = audio[round(0.38 * SAMPLE_RATE) : round(0.42 * SAMPLE_RATE)]
    assert pitch_of(halfway, 341.0) == pytest.approx(341.0, rel=0.03)


def test_notes_play_with_last_note_priority_and_return():
    notes = (Note(60, 1, ns(0.0)), Note(64, 1, ns(0.3)), Note(64, 0, ns(0.6)), Note(60, 0, ns(0.9)))
    audio = play(engine(CvMode(static(PURE, n_harmonics=1)), notes=notes), 2.0)
    for begin, hz in ((0.1, 261.63), (0.4, 329.63), (0.7, 261.63)):
        part = audio[round(begin * SAMPLE_RATE) : round((begin + 0.2) * SAMPLE_RATE)]
        assert pitch_of(part, hz) == pytest.approx(hz, rel=2e-3)
    assert np.abs(audio[-4800:]).max() < 1e-3


def test_velocity_is_loudness():
    soft, hard = (
        np.median(loudness_contour(play(engine(notes=(Note(60, velocity, 0),)), 0.6))[100:200])
        for velocity in (0.25, 1.0)
    )
    assert hard - soft > 12.0


def test_the_same_note_from_a_cable_or_a_key_gives_the_same_sound():
    def drive(params, _):
        params.drive("note", 64.0)

    cable = play(engine(edges=gate(0.1, 0.5), drive=drive), 0.8)
    keys = play(engine(notes=(Note(64, 1, ns(0.1)), Note(64, 0, ns(0.5)))), 0.8)
    # The phase differs (the silent oscillator stood at another pitch before), nothing else may.
    levels = loudness_contour(cable), loudness_contour(keys)
    heard = levels[0] > -60.0
    np.testing.assert_allclose(levels[0][heard], levels[1][heard], atol=1.5)
    sustained = slice(10_000, 23_000)
    assert pitch_of(cable[sustained], 329.63) == pytest.approx(pitch_of(keys[sustained], 329.63), rel=1e-4)


def test_morph_keeps_the_loudness_and_ends_at_the_second_instrument():
    dark, bright = static(PURE), static()
    loudness = []
    for morph in (0.0, 0.5, 1.0):
        mode = CvMode(MorphDecoder(dark, bright))
        mode.params.set("morph", morph)
        mode.params.set("sustain", 1.0)
        audio = play(engine(mode, gate(0.0)), 0.6)
        loudness.append(np.median(loudness_contour(audio)[100:200]))
    assert np.ptp(loudness) < 0.3
    alone = CvMode(static())
    alone.params.set("sustain", 1.0)
    assert decibels(audio - play(engine(alone, gate(0.0)), 0.6), audio) < -90.0


def test_reset_silences_and_forgets():
    mode = CvMode(static())
    first = play(engine(mode, gate(0.0)), 0.2)
    mode.reset()
    np.testing.assert_array_equal(play(engine(mode, gate(0.0)), 0.2), first)
    mode.reset()
    assert not play(engine(mode), 0.1).any()


def test_a_silent_decoder_is_silent():
    assert not play(engine(CvMode(SilentDecoder()), gate(0.0)), 0.1).any()


@pytest.mark.parametrize("seed", range(5))
def test_no_setting_makes_it_go_wild(seed):
    rng = np.random.default_rng(seed)
    mode = CvMode(static())

    def drive(params, _):
        for spec in PARAMS:
            params.drive(spec.name, spec.from_norm(rng.uniform()))

    audio = play(engine(mode, gate(*np.arange(0.0, 1.0, 0.013)), drive=drive), 1.0, HOP)
    assert np.isfinite(audio).all()
    assert np.abs(audio).max() <= 0.98
