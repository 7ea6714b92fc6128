"""The counter built, and the blocks counted once with each kernel."""

import json
import os
import shutil
import sys
from pathlib import Path

from tests.arm64.budget import Counts
from tests.arm64.project import HOUSE, VENV
from tests.arm64.root import Root
from tests.arm64.shell import Shell

HERE = Path(__file__).parent
PROCESSOR = "cortex-a72"
"""A Raspberry Pi 4's."""

KERNELS = ("numpy", "native")

ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
"""Only the thread that makes the marks is counted."""


def count(root: Root, work: Path, shell: Shell) -> Counts:
    """Instructions per block for each kernel and stage."""
    instrument, plugin = work / "budget.onnx", work / "count_instructions.so"
    shell.run(sys.executable, "-m", "tests.arm64.instrument", instrument, cwd=HOUSE)
    shell.run("gcc", "-O2", "-Wall", "-shared", "-fPIC", "-o", plugin, HERE / "count_instructions.c")
    return {kernel: _count(root.path, work, kernel, shell) for kernel in KERNELS}


def _count(root: Path, work: Path, kernel: str, shell: Shell) -> dict[str, int]:
    marks, counts = work / f"marks-{kernel}.jsonl", work / f"counts-{kernel}.json"
    counts.unlink(missing_ok=True)
    # The plug-in needs the qemu that loads libraries, so the program stays outside of the root, and its
    # files are looked up there first. Python has to be told where it lives.
    library = root / VENV / "lib"
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONHOME": str(root / "usr"),
        "PYTHONPATH": str(next(library.glob("python3.*")) / "site-packages"),
        "PYTHONHASHSEED": "0",
        "DDSP_PI_KERNEL": kernel,
        **ONE_THREAD,
    }
    qemu = (shutil.which("qemu-aarch64"), "-cpu", PROCESSOR, "-L", root)
    plugin = ("-plugin", f"{work / 'count_instructions.so'},out={marks}")
    program = (root / "usr/bin/python3", HERE / "count_blocks.py", work / "budget.onnx", marks, counts)
    shell.run(*qemu, *plugin, *program, env=environment)
    found: dict[str, int] = json.loads(counts.read_text())
    return found
