"""Builds the native kernel into the wheel; where there is no C compiler the package installs without it."""

import os
import runpy
import sysconfig
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

MACHINE = "DDSP_PI_MACHINE"
"""Environment: build for a computer of another kind, like aarch64; CC has to name a compiler for it."""


class KernelHook(BuildHookInterface):  # type: ignore[type-arg]
    """Compiles ddsp_pi/native/*.c into one shared library beside them."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Before a wheel or an editable install is put together."""
        if self.target_name != "wheel":
            return
        # By its path: the package itself cannot be imported before what it needs is installed.
        build = runpy.run_path(str(Path(self.root) / "ddsp_pi" / "native" / "build.py"))
        library, system = build["LIBRARY"], sysconfig.get_platform()
        if os.environ.get(MACHINE):
            system = f"linux-{os.environ[MACHINE]}"
            library = library.with_name(f"kernel-{system}.so")
        reason = build["compile_kernel"](library)
        if reason is not None:
            self.app.display_warning(f"no native kernel ({reason}); ddsp-pi will play with numpy instead")
            return
        build_data["pure_python"] = False
        # The library knows nothing of Python, so one wheel serves every version of it.
        build_data["tag"] = "py3-none-" + system.replace("-", "_").replace(".", "_")
