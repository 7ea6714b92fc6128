"""Real environments and a real pip, without a network; the programs in the wheels are tiny."""

import os
import shutil
import subprocess
from types import SimpleNamespace

import pytest

from ddsp_pi.errors import ConfigError
from ddsp_pi.service.versions import building
from ddsp_pi.service.versions.releases import STEPS, Releases
from tests.service.versions.wheelwright import CONFUSED, DEAD, SILENT, make_index, make_wheel


@pytest.fixture
def stick(tmp_path):
    return tmp_path / "stick"


@pytest.fixture
def quick(monkeypatch, python):
    """Installs into a copy of an environment that is there, which takes a fraction of the time."""
    monkeypatch.setattr(building, "sys", SimpleNamespace(executable=str(python)))


@pytest.fixture
def releases(tmp_path):
    settings = tmp_path / "config.yaml"
    settings.write_text("voices: 1\n")
    return Releases(tmp_path / "opt", settings)


@pytest.fixture
def said():
    return []


def answer(releases, link, *words):
    command = [releases.folder / link / "bin/ddsp-pi", *words]
    # With the tests' own PYTHONPATH it would find the checkout.
    clean = {"PATH": os.environ["PATH"]}
    return subprocess.run(command, capture_output=True, text=True, check=True, env=clean).stdout.strip()


def planted(releases, *names):
    """Versions that are whole as far as links can tell."""
    for when, name in enumerate(names):
        folder = releases.path(name)
        folder.mkdir(parents=True)
        version = name.partition("-")[0]
        (folder / "complete").write_text(
            f'{{"version": "{version}", "wheel": "w", "when": {when}, "size": 1, "extras": []}}'
        )


def test_a_folder_of_wheels_is_installed_and_switched_to(releases, stick, said):
    make_wheel(stick, "0.1.0", needs=["tool>=1"])
    make_wheel(stick, "1.5", package="tool")
    steps = []
    name = releases.install(stick, said.append, steps.append)
    assert releases.current is None
    releases.switch(name)
    assert (releases.current, releases.previous) == (name, None)
    assert answer(releases, "current", "--version") == "ddsp-pi 0.1.0"
    assert os.readlink(releases.folder / "current") == f"versions/{name}"
    assert sum(steps) == STEPS
    (release,) = releases.listed()
    assert release.complete.version == "0.1.0"
    assert release.complete.size > 100_000
    assert list(releases.path(name).glob("lib/python*/site-packages/ddsp_pi/__pycache__/cli.*.pyc"))

    # Now without the stick's other wheels: what has not changed is there.
    newer = make_wheel(releases.folder.parent / "alone", "0.2.0", needs=["tool>=1"])
    releases.switch(releases.install(newer.parent, said.append))
    assert answer(releases, "current", "--version") == "ddsp-pi 0.2.0"
    assert answer(releases, "previous", "--version") == "ddsp-pi 0.1.0"
    assert said == []


def test_the_same_wheel_again_is_there_already(quick, releases, stick, said):
    wheel = make_wheel(stick)
    name = releases.install(wheel, said.append)
    inode = releases.path(name).stat().st_ino
    assert releases.install(wheel, said.append) == name
    assert said == [f"{name} is installed already"]
    assert releases.path(name).stat().st_ino == inode


def test_from_an_index(quick, releases, stick, said, tmp_path):
    index = make_index(
        tmp_path / "index",
        make_wheel(stick, "0.1.0"),
        make_wheel(stick, "0.3.0", needs=["tool"]),
        make_wheel(stick, "2", package="tool"),
    )
    name = releases.install(index, said.append)
    releases.switch(name)
    assert name.startswith("0.3.0-")
    assert answer(releases, "current", "--version") == "ddsp-pi 0.3.0"


def test_an_index_without_it_says_what_to_do(releases, said, tmp_path):
    with pytest.raises(ChildProcessError, match=r"gave no wheel of ddsp-pi.*name a wheel, or the folder"):
        releases.install((tmp_path / "nowhere").as_uri(), said.append)


def test_a_folder_that_lacks_a_wheel_names_it(quick, releases, stick, said):
    make_wheel(stick, needs=["numpy-of-mars>=2.0"])
    with pytest.raises(ChildProcessError, match=f"there is no wheel of numpy-of-mars>=2.0 in {stick}"):
        releases.install(stick, said.append)
    assert list((releases.folder / "versions").iterdir()) == []


def test_an_extra_that_cannot_be_had_is_left_out_and_said(quick, releases, stick, said):
    extras = {"rack": ["no-such-driver"], "midi": ["tool"], "train": ["no-such-torch"]}
    make_wheel(stick, extras=extras)
    make_wheel(stick, "2", package="tool")
    releases.switch(releases.install(stick, said.append))
    assert len(said) == 1
    assert said[0].startswith("left out: the extra rack, for there is no wheel of no-such-driver")
    assert releases.listed()[0].complete.extras == ["midi"]

    # What the module has it must keep.
    lacking = make_wheel(stick.parent / "lacking", "0.2.0", extras={"midi": ["tool>=3"]})
    with pytest.raises(ChildProcessError, match="no wheel of tool>=3"):
        releases.install(lacking.parent, said.append)


@pytest.mark.parametrize(
    ("cli", "reason"),
    [
        (DEAD, "it does not begin: .*no_such_module"),
        (SILENT, "its instruments cannot play: cannot play: violin.onnx"),
        (CONFUSED, "it does not understand the settings: .*colour.*line 3 of .*config.yaml"),
    ],
)
def test_a_version_that_fails_its_own_check_is_not_kept(quick, releases, stick, said, cli, reason):
    with pytest.raises(ChildProcessError, match=reason):
        releases.install(make_wheel(stick, cli=cli), said.append)
    assert releases.names() == []
    assert "no_such_module" in releases.quietly.log.read_text() or cli != DEAD


def test_what_a_power_cut_left_is_removed(quick, releases, stick, said):
    torn = releases.path("0.0.9-00000000")
    (torn / "lib").mkdir(parents=True)
    name = releases.install(make_wheel(stick), said.append)
    assert [path.name for path in torn.parent.iterdir()] == [name]


def test_what_plays_is_never_removed(quick, releases, stick, said):
    by_hand = releases.path("by-hand")
    by_hand.mkdir(parents=True)
    (releases.folder / "current").symlink_to("versions/by-hand")
    releases.install(make_wheel(stick), said.append)
    assert by_hand.is_dir()


def test_a_full_disk_is_said_before_anything_is_made(releases, stick, said, monkeypatch):
    usage = shutil.disk_usage("/")._replace(free=50_000_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    with pytest.raises(OSError, match=r"not enough room on the disk of .*: 50 MB are free"):
        releases.install(make_wheel(stick), said.append)
    assert not (releases.folder / "versions").exists()


FULL = """#!/bin/sh
mkdir -p "$4"
echo "Error: [Errno 28] No space left on device: '$4/lib'"; exit 1
"""


def test_a_disk_that_fills_meanwhile_is_said_and_nothing_is_left(
    releases, stick, said, monkeypatch, tmp_path
):
    python = tmp_path / "python"
    python.write_text(FULL)
    python.chmod(0o755)
    monkeypatch.setattr(building, "sys", SimpleNamespace(executable=str(python)))
    with pytest.raises(OSError, match=r"not enough room on the disk of .* What played plays on"):
        releases.install(make_wheel(stick), said.append)
    assert list((releases.folder / "versions").iterdir()) == []


@pytest.mark.parametrize("source", ["nothing-here", "a.txt"])
def test_a_source_that_is_none(releases, said, tmp_path, source):
    (tmp_path / "a.txt").write_text("hello")
    with pytest.raises(ConfigError, match=source):
        releases.install(tmp_path / source, said.append)


def test_switching_back_and_forth(releases):
    planted(releases, "1.0-a", "2.0-b")
    for name in ("1.0-a", "2.0-b", "2.0-b", "1.0-a"):
        releases.switch(name)
    assert (releases.current, releases.previous) == ("1.0-a", "2.0-b")


def test_what_is_not_whole_is_not_switched_to(releases):
    planted(releases, "1.0-a")
    releases.path("2.0-b").mkdir()
    releases.switch("1.0-a")
    with pytest.raises(ConfigError, match=r"2\.0-b is not whole"):
        releases.switch("2.0-b")
    assert releases.current == "1.0-a"


def test_old_versions_go(releases):
    planted(releases, "1.0-a", "2.0-b", "3.0-c", "4.0-d", "5.0-e")
    releases.switch("1.0-a")
    releases.switch("3.0-c")
    assert releases.prune() == ["4.0-d", "2.0-b"]
    assert releases.names() == ["5.0-e", "3.0-c", "1.0-a"]
    assert releases.prune() == []


def test_a_refusal_is_remembered_until_it_is_taken_back(releases):
    planted(releases, "1.0-a")
    releases.refuse("1.0-a", "it glitched")
    assert releases.listed()[0].refusal.reason == "it glitched"
    releases.accept("1.0-a")
    assert releases.listed()[0].refusal is None


def test_a_version_is_found_by_name_or_number(releases):
    planted(releases, "1.0-a", "1.0-b", "2.0-c")
    assert releases.find("1.0") == "1.0-b"
    assert releases.find("1.0-a") == "1.0-a"
    with pytest.raises(ConfigError, match=r"no version 3 is installed; there are: 2\.0-c"):
        releases.find("3")
