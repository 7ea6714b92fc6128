import numpy as np
import pytest
import torch

from ddsp_pi.dsp.choice import get_signal
from ddsp_pi.dsp.loudness import a_weighting, loudness_contour
from ddsp_pi.dsp.noise import noise_bank
from ddsp_pi.errors import RecordingError, TrainingError
from ddsp_pi.frame import HOP, SAMPLE_RATE
from ddsp_pi.models.bundle import load_instrument
from ddsp_pi.train import export
from ddsp_pi.train.analysis import analyse, cycles_of
from ddsp_pi.train.baseline import mean_spectrum
from ddsp_pi.train.basis import Sines, Synthesizer
from ddsp_pi.train.dataset import split
from ddsp_pi.train.export import Origin, make_card, streaming_difference, write_instrument
from ddsp_pi.train.features import heard
from ddsp_pi.train.labels import label_pitch
from ddsp_pi.train.loop import Trainer
from ddsp_pi.train.losses import spectral_loss
from ddsp_pi.train.networks import Decoder, Scaling, Widths, interpolated, log_a_power
from ddsp_pi.train.settings import Settings
from ddsp_pi.train.team import Team
from ddsp_pi.train.yin import yin
from tests.references import decibels
from tests.train.toy import phrase

SCALING = Scaling(8.8, 0.7, -25.0, 7.0)


def decoder(hidden=16, n_harmonics=30, n_bands=9, seed=0):
    torch.manual_seed(seed)
    return Decoder(Widths.uniform(hidden, n_harmonics, n_bands), n_bands, SCALING)


def features(n_harmonics=30, n_bands=9, hops=400):
    f0_hz = (300.0 * 2.0 ** np.sin(np.arange(hops + 1) / 90)).astype(np.float32)
    rng = np.random.default_rng(0)
    harmonics = (rng.uniform(0.2, 1, (hops + 1, 1)) / np.arange(1, n_harmonics + 1)).astype(np.float32) * 0.1
    noise = np.full((hops + 1, n_bands), 1e-3, np.float32)
    audio = get_signal(f0_hz, harmonics, noise)
    confidence = np.ones(hops + 1, np.float32)
    return heard("made", audio, f0_hz, confidence, loudness_contour(audio), harmonics, noise)


def test_analysis_finds_the_amplitudes_that_were_played():
    hops = 400
    f0_hz = np.full(hops + 1, 330.0, np.float32)
    harmonics = np.tile(0.1 / np.arange(1, 31, dtype=np.float32), (hops + 1, 1))
    noise = np.tile(np.linspace(2e-3, 5e-4, 9, dtype=np.float32), (hops + 1, 1))
    found, hiss = analyse(get_signal(f0_hz, harmonics, noise), f0_hz, 30, 9)
    inner = slice(20, -20)
    ratio_db = 20 * np.log10(np.median(found[inner], axis=0) / harmonics[0])
    assert np.abs(ratio_db[:20]).max() < 0.5
    assert np.abs(20 * np.log10(np.sqrt((hiss[inner] ** 2).mean(axis=0)) / noise[0]))[1:-1].max() < 1.5


def test_cycles_are_the_integral_of_f0():
    f0_hz = np.linspace(100, 200, 376).astype(np.float32)
    assert cycles_of(f0_hz)[-1] == pytest.approx(150.0 * (375 * HOP - 1) / SAMPLE_RATE, rel=1e-3)


def test_the_training_synthesizer_is_the_runtime_one():
    made = features(hops=50)
    sines = np.sin(2 * np.pi * np.arange(1, 31)[:, None] * cycles_of(made.f0_hz))
    waves = torch.from_numpy(sines.reshape(30, 50, HOP).transpose(1, 0, 2).astype(np.float32).copy())
    sines = Sines(waves, torch.arange(30))
    harmonics = torch.from_numpy(made.harmonics)[None]
    silence = torch.zeros(1, 51, 9)
    tones = Synthesizer(9).get_signal(harmonics, silence, [sines], 0)[0].numpy()
    wanted = get_signal(made.f0_hz, made.harmonics, np.zeros_like(made.noise))
    assert decibels(tones - wanted, wanted) < -90.0
    hiss = Synthesizer(9).get_signal(torch.zeros_like(harmonics), silence + 0.5, [sines], 7)[0].numpy()
    np.testing.assert_allclose(hiss, 0.5 * noise_bank(9)[7:57].sum(axis=1).ravel(), atol=1e-5)


def test_the_a_curve_in_the_graph_is_that_of_the_loudness():
    hz = np.geomspace(20, 22_000, 200)
    wanted = 2 * np.log(a_weighting(hz))
    made = interpolated(log_a_power(), torch.log2(torch.from_numpy(hz))).numpy()
    assert np.abs(10 * (made - wanted) / np.log(10)).max() < 0.03


@pytest.mark.parametrize("asked", [-60.0, -30.0, -10.0])
def test_an_untrained_decoder_already_has_the_loudness_asked_for(asked):
    f0_hz = torch.full((1, 400), 350.0)
    with torch.no_grad():
        harmonics, noise = decoder()(f0_hz, torch.full((1, 400), asked))
    audio = get_signal(f0_hz[0].numpy(), harmonics[0].numpy(), noise[0].numpy())
    assert np.median(loudness_contour(audio)[20:-20]) == pytest.approx(asked, abs=0.4)


def test_partials_beyond_22_5_khz_are_muted():
    with torch.no_grad():
        harmonics, _ = decoder()(torch.full((1, 3), 2000.0), torch.full((1, 3), -20.0))
    assert harmonics[..., 11:].max() < 1e-9 < harmonics[..., :11].min()


def test_loss_of_equals_is_zero_and_of_equal_noises_is_not():
    torch.manual_seed(0)
    one, other = torch.randn(1, 48_000), torch.randn(1, 48_000)
    assert float(spectral_loss(one, one)) == 0.0
    assert 1.0 < float(spectral_loss(one, other)) < 1.4
    assert float(spectral_loss(one * 0.5, one)) > float(spectral_loss(one * 0.9, one)) > 0.0


def test_labels_and_judge_agree_on_a_clean_phrase():
    audio = phrase(3, 4.0)[: 1500 * HOP]
    labels = label_pitch(audio)
    judged, aperiodicity = yin(audio)
    sure = (labels.confidence > 0.8) & (aperiodicity < 0.1)
    cents = 1200 * np.log2(judged[sure] / labels.f0_hz[sure])
    assert sure.mean() > 0.6
    assert (np.abs(cents) < 20).mean() > 0.95


@pytest.mark.parametrize("hz", [55.0, 196.0, 440.0, 1318.5])
def test_the_judge_hears_a_tone_within_2_cents(hz):
    t = np.arange(24_000) / SAMPLE_RATE
    audio = sum(np.sin(2 * np.pi * k * hz * t) / k for k in range(1, 6)).astype(np.float32)
    f0_hz, aperiodicity = yin(audio)
    assert np.abs(1200 * np.log2(f0_hz[40:-40] / hz)).max() < 2.0
    assert aperiodicity[40:-40].max() < 0.05


def test_split_is_by_recording_and_stays_when_recordings_are_added(tmp_path):
    paths = [tmp_path / f"{i}.wav" for i in range(20)]
    train, held = split(paths, (), 0.1)
    assert len(held) == 2
    assert not set(train) & set(held)
    assert split(paths, ("1?.wav",), 0.1)[1] == sorted(paths[10:])
    assert set(split([*paths, tmp_path / "new.wav"], (), 0.1)[1]) <= {*held, tmp_path / "new.wav"}
    with pytest.raises(RecordingError, match="held out"):
        split(paths[:1], (), 0.1)


def test_baseline_finds_the_mean_spectrum():
    made = features()
    spectrum = mean_spectrum([made])
    levels = np.interp(np.log([300.0, 1200.0]), np.log(spectrum.frequencies_hz), spectrum.harmonic_levels)
    # Amplitudes fall as 1/k: −12 dB over two octaves.
    assert (levels[1] - levels[0]) / np.log(2.0) == pytest.approx(-2.0, abs=0.5)


def instrument_of(network, path):
    made = features(network.n_harmonics, network.n_bands)
    card = make_card(
        network, Origin("toy"), [made], mean_spectrum([made]), metrics={}, history=(), held_out=()
    )
    return write_instrument(network, card, path)


@pytest.mark.parametrize("hidden", [4, 16, 64])
def test_onnx_streams_what_torch_plays_for_a_minute(tmp_path, hidden):
    path = tmp_path / "toy.onnx"
    assert instrument_of(decoder(hidden), path) < 1e-4
    assert load_instrument(path).card.hidden == hidden
    assert list(tmp_path.iterdir()) == [path]


def test_export_refuses_what_does_not_match(tmp_path, monkeypatch):
    network = decoder()
    honest = export.build_model

    def gates_swapped(network):
        model = honest(network)
        for constant in model.graph.initializer:
            if constant.name == "gru.r":
                import onnx

                values = onnx.numpy_helper.to_array(constant).copy()
                values[:, :32] = np.roll(values[:, :32], 16, axis=1)
                constant.CopyFrom(onnx.numpy_helper.from_array(values, constant.name))
        return model

    path = tmp_path / "toy.onnx"
    instrument_of(network, path)
    before = path.read_bytes()
    monkeypatch.setattr(export, "build_model", gates_swapped)
    # The parity vectors catch it first; without them the minute of streaming does.
    with pytest.raises((TrainingError, ValueError), match=r"parity|differs from torch"):
        instrument_of(network, path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_streaming_difference_sees_a_small_change(tmp_path):
    network = decoder()
    path = tmp_path / "toy.onnx"
    instrument_of(network, path)
    with torch.no_grad():
        network.head.bias[3] += 0.02
    assert streaming_difference(network, path, 2.0) > 1e-4


def test_jitter_moves_whole_segments_and_is_the_same_after_a_resume(tmp_path):
    trainer = Trainer(decoder(), Settings(pitch_jitter_cents=100.0), None, tmp_path)
    told = torch.full((8, 10), 440.0)
    heard = trainer._jittered(told)
    cents = 1200.0 * torch.log2(heard / told)
    assert (cents == cents[:, :1]).all()
    assert 30.0 < cents.abs().max() <= 100.0
    assert len(set(cents[:, 0].tolist())) == 8
    torch.testing.assert_close(trainer._jittered(told), heard, rtol=0, atol=0)
    trainer.step += 1
    assert not torch.equal(trainer._jittered(told), heard)
    plain = Trainer(decoder(), Settings(), None, tmp_path)
    assert plain._jittered(told) is told


def test_the_shares_of_a_team_are_jittered_as_the_whole_batch_is(tmp_path):
    told = torch.full((5, 4), 440.0)
    settings = Settings(pitch_jitter_cents=100.0)
    whole = Trainer(decoder(), settings, None, tmp_path)._jittered(told)
    for rank in range(2):
        member = Trainer(decoder(), settings, None, tmp_path, Team(rank, 1, 0))
        member._team.size = 2
        torch.testing.assert_close(member._jittered(told[rank::2]), whole[rank::2], rtol=0, atol=0)
