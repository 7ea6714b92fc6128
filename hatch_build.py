"""Builds the native kernel with whatever C compiler there is; without one the package installs, too."""

import os
import platform
import shlex
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NATIVE = Path(__file__).parent / "ddsp_pi" / "native"
FLAGS = (
    "-std=gnu11",
    "-O3",
    "-fPIC",
    "-shared",
    "-fvisibility=hidden",
    "-ffp-contract=fast",
    "-fno-math-errno",
)
COMPILERS = (os.environ.get("CC"), "cc", "gcc", "clang")


class KernelHook(BuildHookInterface):  # type: ignore[type-arg]
    """Compiles ddsp_pi/native/*.c into one shared library beside them."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Before a wheel or an editable install is put together."""
        if self.target_name != "wheel":
            return
        reason = _compile(NATIVE / f"kernel-{sys.platform}-{platform.machine()}.so")
        if reason is not None:
            self.app.display_warning(f"no native kernel ({reason}); ddsp-pi will play with numpy instead")
            return
        build_data["pure_python"] = False
        # The library knows nothing of Python, so one wheel serves every version of it.
        build_data["tag"] = "py3-none-" + sysconfig.get_platform().replace("-", "_").replace(".", "_")


def _compile(library: Path) -> str | None:
    """Returns why it did not work, None if it did."""
    sources = [str(source) for source in sorted(library.parent.glob("*.c"))]
    library.unlink(missing_ok=True)
    reasons = []
    for compiler in filter(None, COMPILERS):
        command = [*shlex.split(compiler), *FLAGS, "-o", str(library), *sources, "-lm"]
        try:
            subprocess.run(command, check=True, capture_output=True, text=True)
            return None
        except FileNotFoundError:
            reasons.append(f"{compiler}: not found")
        except subprocess.CalledProcessError as error:
            reasons.append(f"{compiler}: {error.stderr.strip().splitlines()[-1]}")
    return "; ".join(reasons)
