"""The project inside the root: installed from its sources, started, tested."""

import subprocess
from pathlib import Path

from tests.arm64.root import Root
from tests.arm64.shell import StepError

HOUSE = Path(__file__).parents[2]
SOURCES, VENV = "src", "venv"
"""Where they are in the root."""

TEST_PACKAGES = ("pytest>=8.3", "hypothesis>=6.100", "pytest-xdist>=3.6", "onnx>=1.17", "RPi.GPIO>=0.7.1")

LEFT_OUT = {
    "tests/train": "training needs torch, and a Pi has none",
    "tests/models/test_decoders.py": "compares with what training exports",
    "tests/cross": "minutes of real voices; what the mode does there, tests/modes says",
    "tests/style": "minutes of a real guitar; what the mode does there, tests/modes says",
    "tests/drums": "minutes of real hits; what the mode does there, tests/modes says",
    "tests/cli": "words and tables; an interpreter for each test takes too long here",
    "tests/arm64": "it is what runs this",
    "tests/guest": "it runs a machine of its own",
    "tests/appliance": "it boots machines of its own",
    "tests/service/versions/test_releases.py": "makes one environment after the other, too slow here",
    "tests/service/versions/test_cuts.py": "the same, for every step again",
    "tests/test_docs.py": "reads sources only",
    "tests/test_house.py": "reads sources only",
    "tests/test_import_directions.py": "reads sources only",
}
"""Everything else under tests/ is run, but what is marked `real`: there is no audio server inside."""

STARTS: tuple[tuple[str, dict[str, str]], ...] = (
    ("import sounddevice", {}),
    ("from ddsp_pi.native.library import kernel; assert kernel() is not None", {"DDSP_PI_KERNEL": "native"}),
)
"""What must work before any test makes sense: PortAudio is found, and the kernel was built."""


def install(root: Root) -> None:
    """Sources into the root, and from there into a fresh virtual environment, as on a Pi."""
    copy_sources(root.path / SOURCES)
    python = f"/{VENV}/bin/python"
    root.enter("python3", "-m", "venv", f"/{VENV}")
    root.enter(python, "-m", "pip", "install", f"/{SOURCES}")
    for statement, variables in STARTS:
        root.enter(python, "-c", statement, **variables)
    performance = f"/{SOURCES}/configs/performances/sequencer-line.csv"
    root.enter(f"/{VENV}/bin/ddsp-pi", "render", "--cv", performance, "-o", "/tmp/line.wav")


def test(root: Root) -> None:
    """The tests that make sense there."""
    python = f"/{VENV}/bin/python"
    root.enter(python, "-m", "pip", "install", *TEST_PACKAGES, "ddsp-pi[files,rack]")
    left_out = [f"--ignore={path}" for path in LEFT_OUT]
    pytest = (python, "-m", "pytest", "-n", "2", "-p", "no:cacheprovider", "--durations=20", "-m", "not real")
    print(root.enter(*pytest, *left_out, folder=f"/{SOURCES}"), flush=True)


def copy_sources(target: Path) -> None:
    """What is in the working tree and not ignored, so that what is not yet committed is tried, too."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=HOUSE,
        capture_output=True,
        text=True,
    )
    if listed.returncode:
        raise StepError(f"git does not list the sources: {listed.stderr.strip()}; run it in a git clone")
    for name in filter(None, listed.stdout.split("\0")):
        source = HOUSE / name
        if source.is_file():
            copy = target / name
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(source.read_bytes())
            copy.chmod(source.stat().st_mode & 0o777)
