"""The project for the guest: what it needs in the root, itself as a wheel beside its tests."""

import shutil
import tomllib

from tests.arm64.project import HOUSE, copy_sources
from tests.arm64.shell import Shell
from tests.guest.kept import Kept, key_of
from tests.guest.root import Root

VENV = "/venv"
EXTRAS = ("rack", "rpi-gpio")
TOOLS = ("pytest", "hatchling", "lgpio>=0.2")
"""What tests and wheels need; an older lgpio is an empty one."""

NOT_SENT = ("ddsp_pi", "runs")
"""The package comes as a wheel; beside the tests, its sources would be imported instead."""


def requirements() -> list[str]:
    """What pip has to bring, by the project's own words."""
    project = tomllib.loads((HOUSE / "pyproject.toml").read_text())["project"]
    optional = project["optional-dependencies"]
    return [*project["dependencies"], *(row for extra in EXTRAS for row in optional[extra]), *TOOLS]


def install_needs(root: Root, kept: Kept) -> None:
    """Everything but the project itself into a virtual environment, unless it is there."""
    wanted = requirements()
    kept.once("needs", key_of(kept.key("root"), VENV, *wanted), lambda: _install(root, wanted))


def _install(root: Root, wanted: list[str]) -> None:
    root.enter("python3", "-m", "venv", "--clear", VENV)
    root.enter(f"{VENV}/bin/python", "-m", "pip", "install", *wanted)


def pack(root: Root, shell: Shell, chosen: str) -> None:
    """The project's wheel and its tests as one tar file, `share/project.tar`; `chosen`: see pytest's -k."""
    whole, parcel = root.share / "whole", root.share / "parcel"
    for folder in (whole, parcel):
        shutil.rmtree(folder, ignore_errors=True)
    copy_sources(whole)
    into = ("--wheel-dir", "/mnt/parcel/wheels")
    root.enter(f"{VENV}/bin/pip", "wheel", "--no-deps", "--no-build-isolation", *into, "/mnt/whole")
    for name in NOT_SENT:
        shutil.rmtree(whole / name, ignore_errors=True)
    whole.rename(parcel / "sources")
    (parcel / "chosen").write_text(chosen)
    shell.run("tar", "-C", parcel, "--owner=root", "--group=root", "-cf", root.share / "project.tar", ".")
