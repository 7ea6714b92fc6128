import pytest

from ddsp_pi.errors import ConfigError
from ddsp_pi.service.versions.wheels import Computer, newest_wheel, open_wheel, version_order
from tests.service.versions.wheelwright import make_wheel

PI = Computer((3, 11), "aarch64")


def test_a_wheel_is_named_by_its_version_and_what_is_in_it(tmp_path):
    wheel = open_wheel(make_wheel(tmp_path, "1.2.0", extras={"rack": [], "midi": []}))
    assert wheel.name == f"1.2.0-{wheel.sha256[:8]}"
    assert wheel.extras == {"rack", "midi"}
    other = open_wheel(make_wheel(tmp_path / "other", "1.2.0", cli="# another"))
    assert other.version == wheel.version
    assert other.name != wheel.name


@pytest.mark.parametrize(
    "tag",
    ["py3-none-any", "py3-none-linux_aarch64", "cp311-cp311-manylinux_2_28_aarch64", "py2.py3-none-any"],
)
def test_what_fits_a_pi(tmp_path, tag):
    assert open_wheel(make_wheel(tmp_path, tag=tag), PI).version == "0.1.0"


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        ({"tag": "py3-none-linux_x86_64"}, "it is for linux_x86_64, and this computer is aarch64"),
        ({"tag": "cp313-cp313-linux_aarch64"}, "it is for Python cp313, and this is 3.11"),
        ({"python": ">=3.12"}, "it needs Python 3.12 or newer, and this is 3.11"),
        ({"package": "numpy"}, "this is no wheel of ddsp-pi"),
    ],
)
def test_what_does_not_fit_a_pi_is_refused_with_the_reason(tmp_path, made, reason):
    with pytest.raises(ConfigError, match=reason):
        open_wheel(make_wheel(tmp_path, **made), PI)


def test_a_damaged_wheel_is_refused(tmp_path):
    path = make_wheel(tmp_path)
    content = bytearray(path.read_bytes())
    content[content.index(b"import sys")] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(ConfigError, match="it is damaged"):
        open_wheel(path)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9])
def test_half_a_wheel_is_refused(tmp_path, share):
    path = make_wheel(tmp_path)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(ConfigError, match="it is damaged"):
        open_wheel(path)


def test_a_wheel_that_is_not_the_one_of_its_sum_is_refused(tmp_path):
    path = make_wheel(tmp_path)
    beside = tmp_path / f"{path.name}.sha256"
    beside.write_text(f"{open_wheel(path).sha256}  {path.name}\n")
    assert open_wheel(path).version == "0.1.0"
    beside.write_text(f"{'0' * 64}  {path.name}\n")
    with pytest.raises(ConfigError, match=r"its sum is not that of .*sha256"):
        open_wheel(path)


def test_the_newest_of_a_folder_that_fits(tmp_path):
    for version in ("0.9.0", "0.10.0rc1", "0.10.0", "0.2.0"):
        make_wheel(tmp_path, version)
    make_wheel(tmp_path, "0.11.0", tag="py3-none-linux_riscv64")
    assert newest_wheel(tmp_path).version == "0.10.0"


def test_a_folder_with_nothing_that_fits_says_why_not(tmp_path):
    with pytest.raises(ConfigError, match="no wheel of ddsp-pi in this folder"):
        newest_wheel(tmp_path)
    make_wheel(tmp_path, tag="py3-none-linux_riscv64")
    with pytest.raises(ConfigError, match="linux_riscv64"):
        newest_wheel(tmp_path)


def test_versions_in_their_order():
    versions = ["0.9", "0.10.dev1", "0.10a1", "0.10b2", "0.10rc1", "0.10", "0.10.1", "1.0"]
    assert sorted(set(versions), key=version_order) == versions
