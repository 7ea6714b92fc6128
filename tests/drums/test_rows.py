"""What mode drums must do, row by row, as a drummer plays it.

What other tests have shown in full is not played again here: ELSEWHERE says where it stands.
"""

import ast
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch

from ddsp_pi.app import MODE_PARAMS
from ddsp_pi.cli import main
from ddsp_pi.dsp.hit_features import WINDOW
from ddsp_pi.dsp.native_onset import find_onsets
from ddsp_pi.dsp.onset import Onset
from ddsp_pi.dsp.onset_settings import MODES
from ddsp_pi.dsp.snare_params import NAMES, SNARE_PARAMS
from ddsp_pi.frame import HOP, SAMPLE_RATE, Edge, Note
from ddsp_pi.models.drum_mapper import load_mapper
from ddsp_pi.recording import load_sound
from ddsp_pi.train import drum_synth
from ddsp_pi.train.drum_evaluate import rank_correlation
from ddsp_pi.train.drum_features import BRIGHTNESS, LOUDNESS
from tests.drumming import CHOSEN, HELD_OUT, Player, Score, floor, hits_of, judge
from tests.drums import pad, values
from tests.drums.answers import answers
from tests.drums.heard import BLOCK, TICK, Drum, beginnings, preset, silence
from tests.dsp.test_hit_features import reference
from tests.dsp.test_snare import time_to_fall
from tests.dsp.test_snare_params import BOOK, FIVE, RANGES
from tests.mappers import changed, mapper_file, with_card
from tests.playing import ns

TESTS = Path(__file__).parents[1]

ELSEWHERE = {
    "R1": {
        "dsp/test_snare_params.py": ["test_a_drum_goes_from_units_to_knobs_and_back_exactly"],
        "train/test_drum_synth.py": ["test_any_hit_sounds_in_training_as_it_is_played"],
        "native/test_snare.py": ["test_it_plays_any_hit_that_numpy_plays"],
    },
    "R2": {
        "dsp/test_snare_params.py": ["test_the_five_drums_are_the_published_ones"],
        "control/test_shipped_presets.py": ["test_every_drum_that_ships_is_a_preset"],
        "test_drum_preset_file.py": ["test_a_line_that_cannot_be_used_is_refused"],
    },
    "R3": {
        "dsp/test_onset.py": [
            "test_real_grooves_are_heard_with_ghost_notes_and_flams",
            "test_rolls_are_heard",
            "test_each_roll_at_80_ms_loses_one_stroke_at_most",
            "test_hits_at_minus_42_dbfs_are_heard_over_a_real_floor",
            "test_a_minute_of_a_real_floor_triggers_nothing",
            "test_the_settings_of_the_earlier_detector_are_its_own",
        ],
    },
    "R4": {"dsp/test_hit_features.py": ["test_they_are_the_formulas_of_the_paper"]},
    "R5": {"dsp/test_normaliser.py": ["test_half_until_a_range_is_known", "test_reset_restores"]},
    "R6": {
        "train/test_mapper.py": ["test_sizes_are_those_of_the_source"],
        "models/test_drum_mapper.py": ["test_the_reference_turns_nothing_at_all"],
    },
    "R7": {
        "train/test_train_drums_cli.py": ["test_what_is_learned_is_heard_on_a_drum_that_was_held_out"],
        "train/test_shipped_mappers.py": [
            "test_on_drums_that_it_never_heard_it_reaches",
            "test_hits_that_the_detector_hears_move_the_drum_as_they_differ",
        ],
    },
    "R8": {
        "modes/test_drums.py": [
            "test_at_sensitivity_0_every_hit_is_the_drum_as_it_is",
            "test_twice_the_sensitivity_moves_twice_as_far_until_the_ends_hold_it",
            "test_a_damping_of_0_holds_its_parameter_alone",
        ],
    },
    "R9": {"modes/test_drums.py": ["test_dry_and_wet_mix_at_equal_power"]},
    "R10": {
        "modes/test_drums.py": ["test_a_hit_sounds_256_samples_after_its_onset_in_blocks_of_any_size"],
        "live/test_drums.py": ["test_a_hit_sounds_in_time_and_always_in_the_same"],
    },
    "R11": {
        "modes/test_drums.py": ["test_a_louder_hit_is_louder_without_listening_too"],
        "dsp/test_hit_features.py": ["test_what_is_heard_live_ranks_hits_as_they_were_played"],
    },
}
"""Tests, by row and by file."""


@pytest.mark.parametrize("row", ELSEWHERE)
def test_what_stands_elsewhere_is_there(row):
    for file, names in ELSEWHERE[row].items():
        body = ast.parse((TESTS / file).read_text("utf-8")).body
        assert {*names} <= {node.name for node in body if isinstance(node, ast.FunctionDef)}, file


GATE = (Edge(1, True, 0),)


class TestR1Synth:
    @pytest.mark.parametrize("name", FIVE)
    def test_every_preset_is_the_drum_that_is_trained_with(self, name):
        made = Drum(events=GATE, **preset(name)).hears(silence(1.0))
        with torch.no_grad():
            wanted = drum_synth.get_signal(torch.tensor([[row[FIVE.index(name)] for row in BOOK.values()]]))
        assert np.abs(made - wanted.numpy()[0]).max() < 1e-4
        assert 0.2 < np.abs(made).max() <= 1.0

    @pytest.mark.parametrize("part", ["osc1", "osc2", "noise"])
    def test_a_decay_is_the_time_to_minus_60_db(self, part):
        drum = dict(zip(NAMES, values(**{f"{part}_gain": 6.0, f"{part}_decay": 400.0}), strict=True))
        made = Drum(events=GATE, **drum).hears(silence(1.0))
        assert time_to_fall(made, 60.0, 96) == pytest.approx(0.4, rel=0.05)

    def test_the_mode_has_the_fourteen_knobs(self):
        specs = {spec.name: spec for spec in MODE_PARAMS["drums"]}
        assert len(SNARE_PARAMS) == 14
        for name in NAMES:
            assert (specs[name].low, specs[name].high) == RANGES[name.rpartition("_")[2]]


class TestR2Presets:
    @pytest.mark.parametrize("name", FIVE)
    def test_one_is_played_by_its_name(self, name, tmp_path):
        wav, hits = tmp_path / "out.wav", TESTS / "data" / "snare" / "snare-12_stick_na_v07of07_rr3.flac"
        assert main(["render", "--preset", name, "--audio", str(hits), "-o", str(wav)]) == 0
        wanted = Drum(model=name, **preset(name)).hears(load_sound(hits).audio)
        made = load_sound(wav).audio[: len(wanted)]
        assert np.corrcoef(made, wanted)[0, 1] > 0.99

    def test_all_are_listed_and_another_is_refused(self, capsys, tmp_path):
        assert main(["presets", "list"]) == 0
        listed = capsys.readouterr().out
        assert all(name in listed for name in FIVE)
        assert main(["render", "--preset", "snare_9", "-o", str(tmp_path / "out.wav")]) == 2
        assert "snare_9" in capsys.readouterr().err


def noticed(audio, **params):
    """The hits of which the mode strikes its drum, at the sample at which it did; nothing else is told."""
    made = Drum(trigger=1.0, **{**TICK, **params}).hears(audio)
    return [Onset(float(at), int(at), 0.0, 0.0, 1.0) for at in beginnings(made)]


def total(drums, phrases, **params):
    score = Score()
    for player in (Player(drum, seed) for drum in drums for seed in (1, 2)):
        for phrase in phrases(player):
            judge(phrase, noticed(phrase.audio, **params), score)
    return score


def rolls(gap_ms):
    return lambda player: (player.roll(gap_ms, way) for way in player.ways)


PHRASES = {
    "groove": ("normal", lambda player: [player.groove(seconds=7.0)]),
    "roll at 40 ms": ("roll", rolls(40)),
    **{f"roll at {gap} ms": ("normal", rolls(gap)) for gap in (50, 60, 80)},
    "-42 dBFS": ("quiet", lambda player: [player.quiet(-42.0, noise=(of, -66.0)) for of in ("room", "stir")]),
}
"""By what they are: the listening that is for them, and who plays them."""

ONSET_MODES = tuple(MODES)
"""Values of the knob."""


class TestR3Onsets:
    @pytest.mark.parametrize("drums", [CHOSEN, HELD_OUT], ids=["chosen", "held-out"])
    @pytest.mark.parametrize("kind", PHRASES)
    def test_real_hits_strike_the_drum_at_once(self, drums, kind):
        mode, phrases = PHRASES[kind]
        score = total(drums, phrases, onset_mode=ONSET_MODES.index(mode))
        late_ms = np.median(score.delays_ms)
        print(f"{kind}, {mode}: F {score.f_measure:.3f} of {score.played}, after {late_ms:.2f} ms")
        assert score.f_measure >= 0.97
        assert late_ms <= 1.5

    @pytest.mark.parametrize("noise", ["room", "stir"])
    def test_a_minute_of_the_floor_strikes_nothing(self, noise):
        assert noticed(floor(noise, 60.0, -66.0), onset_mode=1.0) == []

    def test_the_earlier_settings_hear_as_the_earlier_detector(self):
        phrase = Player("13b", seed=6).groove(seconds=4.0)
        wanted = [onset.heard_at for onset in find_onsets(phrase.audio, MODES["reference"])]
        assert [onset.heard_at for onset in noticed(phrase.audio, onset_mode=3.0)] == wanted

    def test_on_and_off_and_hold_are_knobs(self):
        audio = Player("12", seed=2).groove(seconds=4.0).audio
        tuned = replace(MODES["normal"], on_db=20.0, off_db=3.0, hold_ms=70.0)
        found = noticed(audio, onset_on=20.0, onset_off=3.0, onset_hold=70.0)
        assert [onset.heard_at for onset in found] == [onset.heard_at for onset in find_onsets(audio, tuned)]
        assert 0 < len(found) < len(noticed(audio))


def strokes(drum, ways=("stick", "sidestick", "rimshot", "muted"), apart_s=0.7):
    """Every recording of a drum that is struck, as loud as it was recorded, one at a time."""
    hits = [hit for way in ways for hit in hits_of(drum, way)]
    audio = floor("room", 0.5 + apart_s * len(hits), -80.0).copy()
    for turn, hit in enumerate(hits):
        begin, length = round((0.5 + apart_s * turn) * SAMPLE_RATE), round(0.6 * SAMPLE_RATE)
        audio[begin : begin + len(hit[:length])] += hit[:length]
    return audio


class TestR4Features:
    @pytest.mark.parametrize("drum", CHOSEN + HELD_OUT)
    def test_the_meter_tells_what_the_256_samples_before_the_sound_were(self, drum):
        audio, player, made, told = strokes(drum), Drum(**TICK), [], []
        for at in range(0, len(audio), HOP):
            made.append(player.hears(audio[at : at + HOP], HOP))
            told.append(player.mode.meter.hit)
        hits = [hit for before, hit in pairwise(told) if hit is not before]
        began = beginnings(np.concatenate(made))
        assert len(hits) == len(began) > 2
        wanted = [reference(audio[at - WINDOW : at].astype(np.float64)) for at in began]
        np.testing.assert_allclose([hit[2:] for hit in hits], wanted, atol=1e-3)


class TestR5Ranges:
    def test_the_first_hit_is_the_middle_and_so_is_the_first_after_relearn(self):
        player, told = Drum(noise_gain=-60.0), []
        loud, soft = pad((0.1,), 0.8), pad((0.1,), 0.8, (-20.0,))
        for turn, audio in enumerate((loud, soft, loud, soft)):
            player.app.set_param("relearn", float(turn == 2))
            told.append(np.abs(player.hears(audio)).max())
        alone = np.abs(Drum(noise_gain=-60.0, sensitivity=0.0).hears(loud)).max()
        assert told[0] == pytest.approx(alone, rel=1e-3)
        assert told[2] == pytest.approx(alone, rel=1e-3)
        assert told[1] < 0.5 * alone
        assert told[3] < 0.5 * alone


PARAMETERS = {"linear": 42, "small": 590, "large": 9486}


class TestR6Mappers:
    @pytest.mark.parametrize("kind", PARAMETERS)
    def test_the_reference_hit_is_the_preset_and_others_are_not(self, kind, tmp_path):
        hit, other = (hits_of("14d", "stick")[index][: SAMPLE_RATE // 2] for index in (0, -1))
        mapper = load_mapper(mapper_file(tmp_path / "toy.onnx", kind)[0])
        assert mapper.card.parameters == PARAMETERS[kind]
        heard = Drum(mapper)
        heard.hears(hit)
        middle = with_card(reference=[*heard.mode.meter.hit[2:]])
        centred = load_mapper(changed(tmp_path / "centred.onnx", middle, kind=kind))
        plain = {**preset("snare_1"), "sensitivity": 0.0}
        for audio, least, most in ((hit, 0.0, 1e-6), (other, 0.01, 2.0)):
            off = np.abs(Drum(centred, **preset("snare_1")).hears(audio) - Drum(**plain).hears(audio)).max()
            assert least <= off <= most


class TestR9DryAndWet:
    def test_0_is_the_input_and_1_the_drum_alone(self):
        audio = strokes("12")
        np.testing.assert_allclose(Drum(dry_wet=0.0).hears(audio), audio, atol=1e-7)
        assert not Drum(dry_wet=1.0).hears(audio[: SAMPLE_RATE // 3]).any()


class TestR10Latency:
    ATTACK = SAMPLE_RATE // 1000

    @pytest.mark.parametrize("block", [16, 32, 37, 64, 128, 256, 1000, BLOCK])
    def test_from_the_onset_to_the_sound_there_are_256_samples(self, block):
        audio = Player("13b", seed=4).roll(80, strokes=12).audio[: 2 * SAMPLE_RATE]
        began = beginnings(Drum(**TICK).hears(audio, block))
        onsets = [int(onset.time) for onset in find_onsets(audio)]
        assert len(began) >= 11
        assert {*(began - onsets)} == {WINDOW}
        assert (WINDOW + self.ATTACK) * 1000.0 / SAMPLE_RATE <= 7.0

    @pytest.mark.parametrize("block", [16, 64, 128, 256])
    def test_trigger_sounds_as_soon_as_there_is_an_onset(self, block):
        audio = Player("13b", seed=4).roll(80, strokes=12).audio[: 2 * SAMPLE_RATE]
        began = beginnings(Drum(trigger=1.0, **TICK).hears(audio, block))
        onsets = find_onsets(audio)
        assert [*began] == [onset.heard_at for onset in onsets]
        assert np.median([onset.heard_at - onset.time for onset in onsets]) < HOP

    def test_keys_and_gates_sound_on_their_sample(self):
        events = Edge(1, True, ns(0.1)), Note(38.0, 0.7, ns(0.2 + 17 / SAMPLE_RATE))
        began = beginnings(Drum(events=events, **TICK).hears(silence(0.4)))
        assert [*began] == [round(0.1 * SAMPLE_RATE), round(0.2 * SAMPLE_RATE) + 17]


class TestR11Dynamics:
    """Hits of drums that no mapper was trained on, each at three levels, as they are heard while it plays."""

    @pytest.mark.parametrize(("model", "name"), [("plain", "snare_1"), *zip(FIVE, FIVE, strict=True)])
    def test_louder_and_brighter_hits_are_louder_and_brighter(self, model, name):
        drum = Drum(model=model, **preset(name))
        # Once through, and it knows how loud and bright they get.
        answers(drum)
        judged = answers(drum)
        assert rank_correlation(judged, LOUDNESS) >= 0.9
        assert rank_correlation(judged, BRIGHTNESS) >= 0.8
