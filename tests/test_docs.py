"""What stands in the docs is what the code says."""

from pathlib import Path

import msgspec
import numpy as np
import pytest

from ddsp_pi.app import build
from ddsp_pi.cli import main
from ddsp_pi.config import load_config
from ddsp_pi.rack.performance import load_performance
from ddsp_pi.rack.sim import SimBoard
from ddsp_pi.shipped import configs_folder
from ddsp_pi.train.study import POINTS, TABLE, Entry, table

DOCS = Path(__file__).parent.parent / "docs"


def test_the_table_of_instruments_is_that_of_their_cards(capsys):
    assert main(["models", "list", "--markdown"]) == 0
    assert (DOCS / "instruments.md").read_text() == capsys.readouterr().out


def test_the_table_of_the_trimming_study_is_that_of_its_points():
    folder = DOCS / "trimming"
    entries = msgspec.json.decode((folder / POINTS).read_bytes(), type=list[Entry])
    assert (folder / TABLE).read_text() == table(entries)


def test_the_patch_for_two_voices_plays_both(tmp_path):
    file = tmp_path / "two.yaml"
    file.write_text((DOCS / "voices.md").read_text().split("```yaml\n")[1].split("```")[0])
    phrase = load_performance(configs_folder() / "performances" / "violin-phrase.csv")
    app = build(load_config(file), SimBoard(phrase))
    app.engine.render(np.empty(128, np.float32))
    assert app.config.voices == 2
    assert all(app.params.is_driven(name) for name in ("note", "note_2"))
    assert not app.params.is_driven("loudness")


@pytest.mark.parametrize("block", range(2))
def test_the_settings_of_the_panel_page_can_be_used(tmp_path, block):
    file = tmp_path / "panel.yaml"
    file.write_text((DOCS / "panel.md").read_text().split("```yaml\n")[1 + block].split("```")[0])
    phrase = load_performance(configs_folder() / "performances" / "sequencer-line.csv")
    app = build(load_config(file), SimBoard(phrase))
    app.engine.render(np.empty(128, np.float32))
    assert app.params.is_driven("note")


def test_the_panel_page_says_what_the_buttons_do():
    rows = (DOCS / "panel.md").read_text().split("## Light")[0]
    for action in load_config().rack.buttons:
        (row,) = [line for line in rows.splitlines() if line.startswith(f"| {_together(action.buttons)} |")]
        _, pressed, held = (cell.strip() for cell in row.strip("|").split("|"))
        assert action.do.replace("_", " ") in (held if action.held else pressed)


def _together(buttons):
    return " and ".join(map(str, buttons)) + (" together" if len(buttons) > 1 else "")
