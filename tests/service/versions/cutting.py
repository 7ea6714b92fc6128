"""Installs a wheel, switches to it, and dies of SIGKILL at a step: `cutting FOLDER WHEEL PYTHON STEP`.

A step is a file that gets its name or goes, a link, or a command that begins. At the end it prints how many
there were; there is no step 0.
"""

import os
import signal
import sys
from pathlib import Path
from types import SimpleNamespace

from ddsp_pi.service.versions import building
from ddsp_pi.service.versions.releases import Releases

STEPS = ("subprocess.Popen", "os.rename", "os.symlink", "os.remove")


def main(folder, wheel, python, step):
    building.sys = SimpleNamespace(executable=python)
    seen = []

    def count(event, args):
        if event not in STEPS:
            return
        seen.append(event)
        if len(seen) == step:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(count)
    releases = Releases(Path(folder), Path(folder) / "config.yaml")
    releases.switch(releases.install(wheel, print))
    releases.prune()
    print(len(seen))


if __name__ == "__main__":
    main(*sys.argv[1:4], int(sys.argv[4]))
