"""Drum mappers written by hand: files of a few lines, the shipped one first."""

import numpy as np
import pytest

from ddsp_pi.cli import main
from ddsp_pi.dsp.snare_params import HIGH, LOW, NAMES
from ddsp_pi.errors import InstrumentError
from ddsp_pi.models.drum_hand import load_hand
from ddsp_pi.models.drum_library import (
    PLAIN,
    SHIPPED,
    find_mapper,
    hidden_by,
    list_mappers,
    open_mapper,
    own_folder,
)


@pytest.fixture(autouse=True)
def data(tmp_path, monkeypatch):
    monkeypatch.setenv("DDSP_PI_DATA", str(tmp_path / "data"))


def own(text, name="mine"):
    path = own_folder() / f"{name}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def turned(mapper, *difference):
    return dict(zip(NAMES, mapper.movement(difference) * (HIGH - LOW), strict=True))


def test_the_plain_one_is_louder_brighter_and_longer():
    mapper = open_mapper(PLAIN).mapper
    assert (mapper.reference, mapper.ranges) == (None, {})
    assert not np.any(mapper.movement((0.0, 0.0, 0.0)))
    louder, brighter, noisier = (turned(mapper, *row) for row in np.eye(3))
    assert {name: by for name, by in louder.items() if by} == pytest.approx(
        {"osc1_gain": 30.0, "osc2_gain": 30.0, "noise_gain": 30.0}
    )
    assert {name: by for name, by in brighter.items() if by} == pytest.approx({"noise_highpass": 6000.0})
    assert {name: by for name, by in noisier.items() if by} == pytest.approx({"noise_decay": 100.0})


def test_your_own_is_found_by_name_and_hides_one_that_ships(capsys):
    path = own("format: 1\ntitle: Bends\ncentroid: {osc1_freq: 300}\n")
    assert turned(open_mapper("mine").mapper, 0.0, 0.5, 0.0)["osc1_freq"] == pytest.approx(150.0)
    assert hidden_by(path) is None
    assert main(["models", "list", "--drums"]) == 0
    assert "Bends, for any drum" in capsys.readouterr().out
    hiding = own("format: 1\n", PLAIN)
    assert list_mappers()[PLAIN] == find_mapper(PLAIN) == hiding
    assert hidden_by(hiding) == SHIPPED / "plain.yaml"


def test_what_has_changed_is_read_again():
    path = own("format: 1\ncentroid: {drive: 3}\n")
    before = open_mapper("mine").mapper
    path.write_text("format: 1\ncentroid: {drive: 12.5}\n")
    assert turned(before, 0, 1, 0)["drive"] == pytest.approx(3.0)
    assert turned(open_mapper("mine").mapper, 0, 1, 0)["drive"] == pytest.approx(12.5)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("format: 2\n", "format 2, this ddsp-pi knows format 1"),
        ("format: 1\ncentroid: {wobble: 3}\n", "no knob called 'wobble'.*line 2"),
        ("format: 1\ncentroid: {drive: .inf}\n", "drive is turned by no finite number.*line 2"),
        ("format: 1\npitch: {drive: 1}\n", "pitch.*a drum mapper has the line 'format: 1'"),
        ("format: 1\ncentroid: {drive: much}\n", "line 2"),
        ("- 1\n", "holds no map"),
        ("format: [", "mine.yaml"),
        ("x" * 70_000, "70000 bytes are no drum mapper"),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_reason(text, words):
    with pytest.raises(InstrumentError, match=words):
        load_hand(own(text))


def test_it_is_kept_shown_checked_and_removed_like_any_other(tmp_path, capsys):
    file = tmp_path / "bends.yaml"
    file.write_text("format: 1\ntitle: Bends\ncentroid: {osc1_freq: 300}\n")
    for arguments in (["add", str(file)], ["show", "bends"], ["verify", "bends"], ["remove", "bends"]):
        assert main(["models", arguments[0], "--drums", *arguments[1:]]) == 0
    out = capsys.readouterr().out
    for word in ("added as", "any drum, written by hand", "fit to use", "removed from"):
        assert word in out
    assert "bends" not in list_mappers()
