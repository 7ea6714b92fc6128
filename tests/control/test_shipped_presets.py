"""Every preset that ships is loaded, played and measured."""

import math
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from ddsp_pi.app import ALONE, LISTENING, MODE_PARAMS, build
from ddsp_pi.cli.presets import open_presets, with_preset
from ddsp_pi.config import load_config
from ddsp_pi.control.preset_file import preset_text
from ddsp_pi.control.presets import Acts, apply, full_params, preset_of
from ddsp_pi.drum_preset_file import DrumPresets
from ddsp_pi.dsp.drum_presets import DRUM_PRESETS
from ddsp_pi.dsp.loudness import loudness_contour
from ddsp_pi.dsp.snare_params import NAMES
from ddsp_pi.frame import HOP, HOP_RATE, SAMPLE_RATE, Edge
from ddsp_pi.models.bundle import load_instrument
from ddsp_pi.models.library import SHIPPED, find_instrument
from ddsp_pi.modes.drum_params import DAMPING_NAMES
from ddsp_pi.rack.board import N_CVS
from ddsp_pi.rack.performance import Performance
from ddsp_pi.rack.sim import SimBoard
from ddsp_pi.shipped import configs_folder
from tests.drums import pad
from tests.singing import vowel

EVERY = {path.stem: open_presets().read(path) for path in open_presets().shipped()}
PRESETS = {n: loaded for n, loaded in EVERY.items() if loaded.preset.mode not in LISTENING | ALONE}
SUNG = {name: loaded for name, loaded in EVERY.items() if loaded.preset.mode == "cross"}
STRUCK = {n: each for n, each in EVERY.items() if n.endswith("-struck")}
DRUMS = DrumPresets(configs_folder() / "none", configs_folder() / "drums")
INSTRUMENTS = sorted(path.stem for path in SHIPPED.glob("*.onnx"))
OTHER = {"cv": "flute-air", "style": "style-guitar-open"}
"""By mode: what plays before another is loaded."""
OPEN_S, LENGTH_S = 0.5, 0.8

HEARD = {"early": 3.0, "held": 3.0, "left": 6.0, "centroid": 2.0}
"""Differences that nobody misses: dB at three times, semitones of the spectral centroid."""


def card(instrument):
    return load_instrument(SHIPPED / f"{instrument}.onnx").card


def one_gate():
    """A gate of half a second and what follows; no cable is in."""
    times_ns = np.array([0, int(LENGTH_S * 1e9)])
    edges = (Edge(1, True, 0), Edge(1, False, int(OPEN_S * 1e9)))
    return Performance(times_ns, np.full((2, N_CVS), np.nan), edges)


def silent():
    """Nothing is patched."""
    return Performance(np.array([0, int(LENGTH_S * 1e9)]), np.full((2, N_CVS), np.nan), ())


def played(preset):
    app = build(with_preset(load_config(mode=preset.mode), preset), SimBoard(one_gate()))
    sound = np.empty(int(LENGTH_S * SAMPLE_RATE) // HOP * HOP, np.float32)
    for block in sound.reshape(-1, HOP):
        app.engine.render(block)
    return sound


def on_note(preset, note):
    return replace(preset, params=preset.params | {"note": note, "tune": 0.0})


def features(preset):
    """What a preset sounds like on the middle of its instrument's range."""
    pitch = card(preset.instrument).pitch_range_hz
    sound = played(on_note(preset, 69.0 + 6.0 * math.log2(pitch.low * pitch.high / 440.0**2)))
    level = loudness_contour(sound)
    early, held, left = (float(level[int(at_s * HOP_RATE)]) for at_s in (0.03, 0.45, 0.7))
    held_sound = sound[: int(OPEN_S * SAMPLE_RATE)]
    power = np.abs(np.fft.rfft(held_sound * np.hanning(len(held_sound)))) ** 2
    centroid_hz = float(power @ np.fft.rfftfreq(len(held_sound), 1.0 / SAMPLE_RATE) / power.sum())
    return {"early": early, "held": held, "left": left, "centroid": 12.0 * math.log2(centroid_hz)}


def differences(first, second):
    """Names of the features in which two presets differ so that it is heard."""
    return {name for name, least in HEARD.items() if abs(first[name] - second[name]) >= least}


@pytest.fixture(params=PRESETS)
def loaded(request):
    return PRESETS[request.param]


@pytest.fixture(params=EVERY)
def shipped(request):
    return EVERY[request.param]


@pytest.fixture(scope="module")
def sounds():
    return {name: features(loaded.preset) for name, loaded in PRESETS.items()}


def test_nothing_of_it_is_left_out(shipped):
    assert shipped.left_out == ()
    if shipped.preset.mode not in ALONE or shipped.preset.name in STRUCK:
        assert shipped.preset.name.startswith(f"{shipped.preset.instrument}-")
    assert shipped.preset.note


def test_it_is_written_as_it_would_be_saved(shipped):
    preset = shipped.preset
    specs = MODE_PARAMS[preset.mode]
    values = full_params(preset, specs)
    saved = preset_of(preset.name, preset.mode, preset.instrument, values, specs, preset.note, preset.midi)
    file = configs_folder() / "presets" / f"{preset.name}.yaml"
    assert file.read_text("utf-8") == preset_text(saved)


def test_it_is_finite_and_audible_within_half_a_second(loaded):
    sound = played(loaded.preset)[: int(0.5 * SAMPLE_RATE)]
    assert np.isfinite(sound).all()
    assert 0.05 < np.abs(sound).max() <= 1.0
    assert loudness_contour(sound).max() > -40.0


def test_without_a_cable_it_plays_inside_the_range_of_its_instrument(loaded):
    values = full_params(loaded.preset, MODE_PARAMS[loaded.preset.mode])
    pitch = card(loaded.preset.instrument).pitch_range_hz
    swing = values["vibrato_depth"] / 1200.0
    octaves = (values["note"] + values["tune"] - 69.0) / 12.0
    assert pitch.low <= 440.0 * 2.0 ** (octaves - swing)
    assert 440.0 * 2.0 ** (octaves + swing) <= pitch.high


@pytest.mark.parametrize("instrument", INSTRUMENTS)
def test_every_instrument_has_presets_that_differ_audibly(instrument, sounds):
    names = [name for name, loaded in PRESETS.items() if loaded.preset.instrument == instrument]
    assert len(names) >= 2
    for first, second in combinations(names, 2):
        assert len(differences(sounds[first], sounds[second])) >= 2, (first, second)


def test_what_hardly_differs_is_not_called_different():
    solo = PRESETS["violin-solo"].preset
    values = full_params(solo, MODE_PARAMS["cv"])
    nearly = replace(solo, params=values | {"brightness": 0.1, "attack": values["attack"] * 1.05})
    assert differences(features(solo), features(nearly)) == set()


def test_loaded_while_another_plays_it_is_the_same(loaded):
    mode = loaded.preset.mode
    app = build(with_preset(load_config(mode=mode), PRESETS[OTHER[mode]].preset), SimBoard(one_gate()))
    block = np.empty(HOP, np.float32)
    app.engine.render(block)
    acts = Acts(
        mode=lambda: app.config.mode,
        instrument=lambda: app.instrument.card.name,
        change_mode=app.change_mode,
        select_instrument=lambda name: app.play(find_instrument(name)),
        set_param=app.set_param,
    )
    apply(loaded.preset, MODE_PARAMS, acts)
    app.engine.render(block)
    assert app.instrument.card.name == loaded.preset.instrument
    assert app.params.values == full_params(loaded.preset, MODE_PARAMS[loaded.preset.mode])


def test_every_drum_that_ships_is_a_preset():
    drums = {name: loaded.preset for name, loaded in EVERY.items() if loaded.preset.mode == "drums"}
    drums = {name: preset for name, preset in drums.items() if name not in STRUCK}
    assert drums.keys() == {*DRUMS.names()}
    for name, drum in ((name, DRUMS.load(name)) for name in DRUMS.names()):
        values = full_params(drums[name], MODE_PARAMS["drums"])
        assert tuple(values[param] for param in NAMES) == drum.values
        assert tuple(values[param] for param in DAMPING_NAMES) == drum.damping
        mapper = name if name in DRUM_PRESETS else "plain"
        assert (drums[name].instrument, drums[name].note) == (mapper, drum.note)


@pytest.mark.parametrize("name", STRUCK)
def test_one_that_is_struck_plays_every_hit_within_its_range_and_falls_silent(name):
    preset, hits = STRUCK[name].preset, (0.1, 0.6, 1.1)
    app = build(with_preset(load_config(mode="drums"), preset), SimBoard(silent()))
    heard = pad(hits, 6.4, (-12.0, 0.0))[: 6 * SAMPLE_RATE // HOP * HOP].reshape(-1, HOP)
    sound = np.empty_like(heard)
    for block, audio_in in zip(sound, heard, strict=True):
        app.engine.render(block, audio_in)
    level = loudness_contour(sound.ravel())
    usual, hardest, softest = (level[round((at + 0.05) * HOP_RATE)] for at in hits)
    assert -55.0 < softest < usual < hardest
    assert hardest > -25.0
    assert level[-100:].max() < -80.0
    pitch = card(preset.instrument).pitch_range_hz
    assert pitch.low < 440.0 * 2.0 ** ((preset.params["note"] - 69.0) / 12.0) < pitch.high


@pytest.mark.parametrize("name", SUNG)
def test_one_that_is_sung_plays_what_it_hears_and_nothing_else(name):
    preset = SUNG[name].preset
    app = build(with_preset(load_config(mode="cross"), preset), SimBoard(one_gate()))
    shift = preset.params.get("pitch_shift", 0.0)
    pitch = card(preset.instrument).pitch_range_hz
    heard = np.concatenate(
        [vowel(max(pitch.low * 2.0 ** (-shift / 12.0) * 1.1, 110.0)), np.zeros(SAMPLE_RATE)]
    )
    sound = np.empty(len(heard) // HOP * HOP, np.float32)
    for block, audio_in in zip(
        sound.reshape(-1, HOP), heard.reshape(-1, HOP).astype(np.float32), strict=True
    ):
        app.engine.render(block, audio_in)
    level = loudness_contour(sound)
    assert level[200:360].min() > -30.0
    assert level[-100:].max() < -80.0
    assert app.engine.telemetry.outside_pitch_samples < 0.3 * app.engine.telemetry.sounding_samples
