"""The repository as a whole: everything announced is there, and says the same everywhere."""

import os
import re
import tomllib
from importlib import import_module
from pathlib import Path
from pkgutil import resolve_name

import pytest

import ddsp_pi
from ddsp_pi.cli import EXTRAS, VERBS, main

HOUSE = Path(ddsp_pi.__file__).parents[1]
CHANGELOG = (HOUSE / "CHANGELOG.md").read_text("utf-8")
PROJECT = tomllib.loads((HOUSE / "pyproject.toml").read_text("utf-8"))["project"]
LAYOUT = ("configs", "configs/performances", "ddsp_pi", "hardware", "puredata", "systemd", "tests")
MAKEFILE = (HOUSE / "Makefile").read_text("utf-8")


def numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


@pytest.mark.parametrize("folder", LAYOUT)
def test_every_folder_of_the_layout_has_something_in_it(folder):
    assert any(path.is_file() and path.stat().st_size for path in (HOUSE / folder).iterdir())


@pytest.mark.parametrize("folder", ["configs", "hardware", "puredata", "systemd"])
def test_folders_without_code_say_what_they_are_for(folder):
    assert len((HOUSE / folder / "README.md").read_text("utf-8").splitlines()) >= 3


def test_the_changelog_opens_with_what_is_unreleased():
    headings = re.findall(r"^## (.+)$", CHANGELOG, re.MULTILINE)
    assert headings[0] == "[Unreleased]"


def test_the_version_is_not_older_than_the_newest_release():
    releases = re.findall(r"^## \[([\d.]+)\] - \d{4}-\d\d-\d\d$", CHANGELOG, re.MULTILINE)
    assert releases == sorted(releases, key=numbers, reverse=True)
    assert all(numbers(release) <= numbers(ddsp_pi.__version__) for release in releases)


def test_the_command_is_the_command_line_s_main():
    assert resolve_name(PROJECT["scripts"]["ddsp-pi"]) is main


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_its_module(verb):
    module = import_module(f"ddsp_pi.cli.{verb}")
    assert callable(module.configure)
    assert callable(module.run)


def test_the_extras_that_messages_name_exist():
    assert set(EXTRAS.values()) <= PROJECT["optional-dependencies"].keys()


def test_libraries_of_the_extras_are_not_needed_to_play():
    needed = {re.split(r"[<>=;]", row)[0].replace("-", "_").lower() for row in PROJECT["dependencies"]}
    assert needed.isdisjoint(EXTRAS)


def test_the_demo_plays_performances_that_are_there():
    named = re.search(r"^PERFORMANCES := (.+)$", MAKEFILE, re.MULTILINE)
    assert named
    for name in named[1].split():
        assert (HOUSE / "configs/performances" / f"{name}.csv").is_file()


def test_the_demo_has_a_phrase_to_sing():
    named = re.search(r"^SING := .+ --audio (\S+)$", MAKEFILE, re.MULTILINE)
    assert named
    assert (HOUSE / named[1]).is_file()


def test_the_pictures_of_mode_cross_are_those_that_make_draws():
    named = re.search(r"^CROSSED := (.+)$", MAKEFILE, re.MULTILINE)
    assert named
    drawn, page = HOUSE / "docs/cross", (HOUSE / "docs/cross.md").read_text("utf-8")
    assert {path.stem for path in drawn.iterdir()} == set(named[1].split())
    for path in drawn.iterdir():
        assert f"(cross/{path.name})" in page
        assert path.stat().st_size < 300_000


def test_the_demo_has_a_snare_to_hear():
    named = re.search(r"^DRUM := render --preset (\S+) --audio (\S+)$", MAKEFILE, re.MULTILINE)
    assert named
    assert (HOUSE / "configs/presets" / f"{named[1]}.yaml").is_file()
    assert (HOUSE / named[2]).is_file()


def test_the_pictures_of_mode_drums_are_small_and_on_its_page():
    drawn, page = HOUSE / "docs/drums", (HOUSE / "docs/drums.md").read_text("utf-8")
    assert {path.name for path in drawn.iterdir()} == set(re.findall(r"\(drums/([^)]+)\)", page))
    assert "docs/drums/snare_1.png" in MAKEFILE
    assert all(path.stat().st_size < 120_000 for path in drawn.iterdir())


@pytest.mark.parametrize("script", [".ci/run", "tests/system-packages.sh"])
def test_scripts_can_be_run(script):
    assert os.access(HOUSE / script, os.X_OK)
