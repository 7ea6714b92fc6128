"""A second bank that training has lost is brought back, and nothing else is touched."""

import numpy as np
import torch

from ddsp_pi.models.touch import CONTROLS
from ddsp_pi.train.analysis import FLOOR
from ddsp_pi.train.features import Features
from ddsp_pi.train.networks import GROUPS, Decoder, Scaling, Widths
from ddsp_pi.train.readout import refit_second_bank

FIRST, SECOND, FRAMES = 6, 4, 200


def network():
    torch.manual_seed(0)
    sizes = dict.fromkeys(GROUPS, 24) | {"gru": 0}
    widths = Widths(**sizes, harmonics=FIRST + SECOND, bands=5, touch=CONTROLS + 1, second=SECOND, ratio=0.5)
    return Decoder(widths, 5, Scaling(8.0, 1.5, -20.0, 10.0))


def note(chord, hz):
    """A note whose odd half octaves fall as it goes on, if it is a chord."""
    since = np.arange(FRAMES, dtype=np.float32) / 375.0
    touch = np.column_stack([since, np.full(FRAMES, 1000.0), np.ones(FRAMES), np.full(FRAMES, chord)])
    harmonics = np.full((FRAMES, FIRST + SECOND), FLOOR, np.float32)
    harmonics[:, :FIRST] = 0.05
    if chord:
        harmonics[:, FIRST::2] = 0.03 * np.exp(-2.0 * since)[:, None]
    flat = np.full(FRAMES, -20.0, np.float32)
    return Features(
        *("note", np.zeros((FRAMES - 1) * 128, np.float32), np.full(FRAMES, hz, np.float32)),
        *(np.ones(FRAMES, np.float32), flat, harmonics, np.full((FRAMES, 5), 1e-4, np.float32)),
        *(flat, touch.astype(np.float32)),
    )


def made_of(decoder, recording):
    told = (recording.f0_hz, recording.asked_db, recording.touch)
    with torch.no_grad():
        return decoder(*(torch.from_numpy(part)[None] for part in told))[0][0].numpy()


def test_a_lost_bank_is_found_again_in_chords_alone():
    decoder, chords, single = network(), [note(1.0, 90.0), note(1.0, 140.0)], note(0.0, 110.0)
    with torch.no_grad():
        decoder.head.bias[FIRST : FIRST + SECOND] -= 8.0
    before = decoder.head.weight.detach().clone()
    lost = np.log(made_of(decoder, chords[0])[:, FIRST::2] / chords[0].harmonics[:, FIRST::2])
    refit_second_bank(decoder, [*chords, single])
    found = np.log(made_of(decoder, chords[0])[:, FIRST::2] / chords[0].harmonics[:, FIRST::2])
    assert np.abs(lost).mean() > 4.0
    assert np.abs(found).mean() < 0.5
    assert made_of(decoder, single)[:, FIRST::2].max() < 0.01 * chords[0].harmonics[0, FIRST]
    others = [row for row in range(decoder.widths.outputs) if not (FIRST <= row < FIRST + SECOND)]
    assert torch.equal(decoder.head.weight[others], before[others])


def test_without_chords_nothing_changes():
    decoder = network()
    before = {name: tensor.clone() for name, tensor in decoder.state_dict().items()}
    refit_second_bank(decoder, [note(0.0, 110.0)])
    assert all(torch.equal(before[name], tensor) for name, tensor in decoder.state_dict().items())
