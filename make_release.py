"""`make release`: the wheel, looked at, and a folder for a USB stick with everything that it needs.

    dist/ddsp_pi-….whl  and its .sha256     for this computer
    dist/stick-MACHINE/                     to carry to a module without a network

The wheel is made of what git knows, so that nothing else can get into it.
"""

import argparse
import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from email.parser import Parser
from pathlib import Path

HOUSE = Path(__file__).parent
EXTRAS = ("rack", "midi")
"""What a module has beside what playing needs anywhere."""

PYTHONS = ("3.11", "3.13")
"""Those of Pi OS bookworm and trixie."""

NEWEST_LIBC = 36
"""Of bookworm's C library 2.36: wheels for this one and older ones run on both."""

COMPILED_THERE = ("spidev",)
"""What is small enough to go to a module as sources."""

INSIDE = (
    "ddsp_pi/models/instruments/violin.onnx",
    "ddsp_pi/configs/default.yaml",
    "ddsp_pi/configs/presets/",
    "ddsp_pi/configs/performances/",
    "ddsp_pi/configs/phrases/",
    "ddsp_pi/puredata/ddsp.pd",
    "ddsp_pi/systemd/",
    "ddsp_pi/py.typed",
)
OUTSIDE = re.compile(r"^tests/|^hardware/|__pycache__|\.pyc$|/\.|\.md\.orig$")


def main() -> int:
    """Exit code: 0 done, 1 something is missing, which is said."""
    parser = argparse.ArgumentParser(prog="make release", description=__doc__.partition("\n")[0])
    parser.add_argument("--stick", default=platform.machine(), metavar="MACHINE", help="like aarch64")
    machine = parser.parse_args().stick
    dist = HOUSE / "dist"
    try:
        wheel = build(dist if machine == platform.machine() else dist / f"stick-{machine}", machine)
        fill_stick(dist / f"stick-{machine}", wheel, machine)
    except (subprocess.CalledProcessError, ValueError) as error:
        print(f"release: {error}", file=sys.stderr)
        return 1
    return 0


def build(folder: Path, machine: str) -> Path:
    """Make the wheel for a machine, with its sum beside it.

    Raises:
        ValueError: something is missing in it, or does not belong there.
    """
    environment = _compiler(machine)
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("ddsp_pi-*"):
        old.unlink()
    with tempfile.TemporaryDirectory() as tree:
        _copy_known(Path(tree))
        _pip("wheel", "--no-deps", "--wheel-dir", folder, tree, environment=environment)
    wheel = next(folder.glob("ddsp_pi-*.whl"))
    with zipfile.ZipFile(wheel) as archive:
        wrong = complaints(archive.namelist(), machine)
    if wrong:
        raise ValueError(f"{wheel.name}: {'; '.join(wrong)}")
    sha256 = hashlib.sha256(wheel.read_bytes()).hexdigest()
    wheel.with_name(f"{wheel.name}.sha256").write_text(f"{sha256}  {wheel.name}\n")
    print(f"{wheel.relative_to(HOUSE)}: {wheel.stat().st_size / 1e6:.1f} MB, sha256 {sha256}")
    return wheel


def complaints(names: list[str], machine: str) -> list[str]:
    """What is wrong with the files of a wheel."""
    missing = [name for name in INSIDE if not any(there.startswith(name) for there in names)]
    foreign = [name for name in names if OUTSIDE.search(name)]
    kernels = [name for name in names if name.endswith(".so")]
    wrong = [f"{name} is missing" for name in missing] + [f"{name} does not belong there" for name in foreign]
    if kernels != [f"ddsp_pi/native/kernel-linux-{machine}.so"]:
        wrong.append(f"there must be one native kernel, for {machine}, and there is: {kernels or 'none'}")
    return wrong


def fill_stick(stick: Path, wheel: Path, machine: str) -> None:
    """Put the wheel and all that it needs into a folder."""
    stick.mkdir(parents=True, exist_ok=True)
    for path in (wheel, wheel.with_name(f"{wheel.name}.sha256")):
        if path.parent != stick:
            shutil.copy(path, stick)
    for old in stick.iterdir():
        if not old.name.startswith(wheel.name):
            old.unlink()
    gather = _gather_here if machine == platform.machine() else _gather_for
    gather(stick, wheel, machine)
    size = sum(path.stat().st_size for path in stick.iterdir())
    print(f"{stick.relative_to(HOUSE)}: {len(list(stick.iterdir()))} files, {size / 1e6:.0f} MB")


def _gather_here(stick: Path, wheel: Path, machine: str) -> None:
    """For this computer's Python; what has no wheel is compiled."""
    _pip("wheel", "--wheel-dir", stick, wheel)
    for need in requirements(wheel):
        _try(need, "wheel", "--wheel-dir", stick, need)


def _gather_for(stick: Path, wheel: Path, machine: str) -> None:
    """For the Pythons of another computer; what has no wheel goes as sources, to be compiled there."""
    for python in PYTHONS:
        words: list[str | Path] = ["--dest", stick, "--only-binary", ":all:", "--python-version", python]
        words += _platforms(machine)
        _pip("download", *words, wheel)
        for need in requirements(wheel):
            if not _try(f"{need}, a wheel for Python {python}", "download", *words, need):
                _add_sources(stick, need)


def _add_sources(stick: Path, need: str) -> None:
    if not need.startswith(COMPILED_THERE) or any(stick.glob("*.tar.gz")):
        return
    # Without a network pip takes what it compiles with from the stick, too.
    _pip("download", "--dest", stick, "--no-deps", "--no-binary", ":all:", need)
    _pip("download", "--dest", stick, "setuptools", "wheel")
    print(f"{need}: its sources are on the stick; the module needs gcc and python3-dev to install them")


def _try(what: str, *words: str | Path) -> bool:
    """Whether pip could do it; what could not be had is said."""
    try:
        _pip(*words)
    except ValueError:
        print(f"{what}: there is none")
        return False
    return True


def requirements(wheel: Path) -> list[str]:
    """What the extras of a module need."""
    with zipfile.ZipFile(wheel) as archive:
        name = next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        rows = Parser().parsestr(archive.read(name).decode()).get_all("Requires-Dist") or []
    parts = [row.partition(";") for row in rows]
    extra = re.compile(f"extra == ['\"]({'|'.join(EXTRAS)})['\"]")
    return [need.strip() for need, _, marker in parts if extra.search(marker)]


def _platforms(machine: str) -> Iterator[str]:
    for libc in range(17, NEWEST_LIBC + 1):
        yield from ("--platform", f"manylinux_2_{libc}_{machine}")
    yield from ("--platform", f"manylinux2014_{machine}", "--platform", f"linux_{machine}")


def _compiler(machine: str) -> dict[str, str]:
    """Variables for the build; none for this computer."""
    if machine == platform.machine():
        return {}
    compiler = f"{machine}-linux-gnu-gcc"
    if shutil.which(compiler) is None:
        package = f"gcc-{machine.replace('_', '-')}-linux-gnu"
        raise ValueError(
            f"{compiler} compiles for {machine} and is not installed: sudo apt install {package}"
        )
    return {"DDSP_PI_MACHINE": machine, "CC": compiler}


def _copy_known(tree: Path) -> None:
    """The files that git knows, as they are now."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=HOUSE, capture_output=True, text=True, check=True)
    for name in filter(None, listed.stdout.split("\0")):
        if (HOUSE / name).is_file():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(HOUSE / name, tree / name)


def _pip(*words: str | Path, environment: dict[str, str] | None = None) -> None:
    command = [sys.executable, "-m", "pip", *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | (environment or {}))
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if "ERROR" in line] or done.stderr.splitlines()[-1:]
        raise ValueError(f"pip {words[0]}: {'; '.join(said)}")


if __name__ == "__main__":
    sys.exit(main())
