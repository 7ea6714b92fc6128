"""What stands in the docs is what the code says."""

from pathlib import Path

import msgspec

from ddsp_pi.cli import main
from ddsp_pi.train.study import POINTS, TABLE, Entry, table

DOCS = Path(__file__).parent.parent / "docs"


def test_the_table_of_instruments_is_that_of_their_cards(capsys):
    assert main(["models", "list", "--markdown"]) == 0
    assert (DOCS / "instruments.md").read_text() == capsys.readouterr().out


def test_the_table_of_the_trimming_study_is_that_of_its_points():
    folder = DOCS / "trimming"
    entries = msgspec.json.decode((folder / POINTS).read_bytes(), type=list[Entry])
    assert (folder / TABLE).read_text() == table(entries)
