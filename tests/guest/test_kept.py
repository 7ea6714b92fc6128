import pytest

from tests.guest.kept import Kept, key_of


@pytest.fixture
def kept(tmp_path):
    return Kept(tmp_path)


def test_a_step_is_done_once_for_each_key(kept):
    done = []
    for key in ("a", "a", "b", "b"):
        kept.once("step", key, lambda key=key: done.append(key))
    assert done == ["a", "b"]
    assert kept.key("step") == "b"


def test_a_step_that_failed_was_not_done(kept):
    kept.once("step", "a", lambda: None)
    with pytest.raises(OSError, match="no room"):
        kept.once("step", "b", lambda: (_ for _ in ()).throw(OSError("no room")))
    assert kept.key("step") == ""


def test_a_step_whose_work_has_gone_is_done_again(kept, tmp_path):
    made = tmp_path / "disk"
    kept.once("step", "a", made.touch, also=[made])
    made.unlink()
    kept.once("step", "a", made.touch, also=[made])
    assert made.exists()


def test_a_key_stands_for_what_is_in_files_and_for_where_texts_end(tmp_path):
    path = tmp_path / "source.c"
    path.write_text("1")
    before = key_of("a", path)
    assert before == key_of("a", path)
    path.write_text("2")
    assert before != key_of("a", path)
    assert key_of("ab", "c") != key_of("a", "bc")
