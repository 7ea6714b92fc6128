import os
import shutil
import threading

import numpy as np
import pytest

from ddsp_pi.errors import InstrumentError
from ddsp_pi.models import warm
from ddsp_pi.models.bundle import load_instrument
from ddsp_pi.models.library import SHIPPED
from ddsp_pi.models.warm import WarmLibrary
from tests import instruments
from tests.instruments import VIOLIN, own_violin

FLUTE = SHIPPED / "flute.onnx"
SHIPPED_FILES = set(instruments.SHIPPED_FILES)


@pytest.fixture(autouse=True)
def own(tmp_path, monkeypatch):
    monkeypatch.setenv("DDSP_PI_DATA", str(tmp_path / "data"))
    (tmp_path / "data" / "models").mkdir(parents=True)
    return tmp_path / "data" / "models"


@pytest.fixture
def loads(monkeypatch):
    """Files in the order in which they are loaded."""
    loaded = []

    def load(path):
        loaded.append(path)
        return load_instrument(path)

    monkeypatch.setattr(warm, "load_instrument", load)
    return loaded


def test_everything_is_loaded_once_and_what_is_wanted_first(loads):
    library = WarmLibrary()
    library.warm(2, VIOLIN)
    assert loads[0] == VIOLIN
    assert len(loads) == len(SHIPPED_FILES)
    assert set(library.paths) == SHIPPED_FILES
    library.warm(2, FLUTE)
    for path in SHIPPED_FILES:
        assert library.get(path).card.name == path.stem
        library.decoder(path, 2)
    assert len(loads) == len(SHIPPED_FILES)


def test_an_own_instrument_hides_the_shipped_one(own):
    mine = own_violin(own / "violin.onnx")
    library = WarmLibrary()
    library.warm(1)
    assert mine in library.paths
    assert VIOLIN not in library.paths


def test_a_broken_file_is_skipped_and_the_reason_said(own):
    (own / "kazoo.onnx").write_text("hum")
    said = []
    library = WarmLibrary(say=said.append)
    library.warm(1, own / "kazoo.onnx")
    assert set(library.paths) == SHIPPED_FILES
    assert len(said) == 1
    assert "kazoo.onnx: not a readable ONNX file" in said[0]
    with pytest.raises(InstrumentError, match="kazoo"):
        library.get(own / "kazoo.onnx")


def test_a_file_that_changed_is_loaded_again(own, loads):
    path = own / "mine.onnx"
    shutil.copy(VIOLIN, path)
    library = WarmLibrary()
    first = library.get(path)
    assert library.get(path) is first
    library.decoder(path, 1)
    own_violin(own / "other.onnx", "mine")
    os.replace(own / "other.onnx", path)
    again = library.get(path)
    assert again.card.title == "Dark violin"
    assert loads == [path, path]
    assert library.decoder(path, 1).step([440.0], [-20.0])[0][0, 30] < 0.5 * _fifth(first)


def _fifth(instrument):
    return instrument.decoder().step([440.0], [-20.0])[0][0, 30]


def test_touching_a_file_is_a_change_and_deleting_it_an_error(own, loads):
    path = own / "mine.onnx"
    shutil.copy(VIOLIN, path)
    library = WarmLibrary()
    library.get(path)
    os.utime(path, ns=(1, 1))
    library.get(path)
    assert len(loads) == 2
    path.unlink()
    with pytest.raises(InstrumentError, match="no such instrument file"):
        library.get(path)
    assert path not in library.paths


def test_least_recently_used_leaves_first():
    sizes = {path: load_instrument(path).nbytes for path in SHIPPED_FILES}
    a, b, c = sorted(SHIPPED_FILES, key=sizes.__getitem__)[:3]
    library = WarmLibrary(budget_bytes=sizes[a] + sizes[c])
    library.get(a), library.get(b), library.get(a)
    library.get(c)
    assert library.paths == [a, c]
    assert library.nbytes == sizes[a] + sizes[c]


def test_what_is_played_stays_however_small_the_budget(own):
    library = WarmLibrary(budget_bytes=1)
    library.warm(1, VIOLIN)
    assert library.paths == [VIOLIN]
    assert library.get(FLUTE).card.name == "flute"
    assert library.paths == [FLUTE]


def test_players_are_not_shared_and_remember_nothing():
    library = WarmLibrary()
    library.warm(3, VIOLIN)
    first, second = (library.decoder(VIOLIN, 3) for _ in range(2))
    assert first is not second
    request = np.full(3, 300.0), np.full(3, -20.0)
    answers = [[part.copy() for part in decoder.step(*request)] for decoder in (first, second)]
    fresh = load_instrument(VIOLIN).decoder(3).step(*request)
    for answer in answers:
        np.testing.assert_array_equal(np.concatenate(answer, axis=1), np.concatenate(fresh, axis=1))
    assert library.decoder(VIOLIN, 5).voices == 5


def test_a_spare_player_is_there_before_it_is_asked_for(monkeypatch):
    library = WarmLibrary()
    library.warm(2, VIOLIN)
    monkeypatch.setattr(warm, "_stepped", lambda *_: pytest.fail("built while playing"))
    assert library.decoder(VIOLIN, 2).voices == 2


def test_one_thread_may_fill_it_while_another_takes(own):
    library, failures = WarmLibrary(budget_bytes=300_000), []

    def take():
        try:
            for _ in range(30):
                for path in sorted(SHIPPED_FILES):
                    assert library.get(path).card.name == path.stem
        except Exception as error:
            failures.append(error)

    reader = threading.Thread(target=take)
    reader.start()
    while reader.is_alive():
        library.warm(1)
    reader.join()
    assert failures == []
