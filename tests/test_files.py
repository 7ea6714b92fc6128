import pytest

from ddsp_pi.files import replacing


def test_the_file_appears_only_at_the_end(tmp_path):
    path = tmp_path / "new" / "a.txt"
    with replacing(path, "w") as file:
        file.write("whole")
        assert not path.exists()
    assert path.read_text() == "whole"
    assert list(path.parent.iterdir()) == [path]


def test_an_error_leaves_what_was_there(tmp_path):
    path = tmp_path / "a.bin"
    path.write_bytes(b"before")

    def fail():
        with replacing(path) as file:
            file.write(b"half")
            raise OSError("disk full")

    with pytest.raises(OSError, match="full"):
        fail()
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]
