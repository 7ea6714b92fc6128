import subprocess
import sys

import pytest

from tests.service.fake import Pi


@pytest.fixture
def pi(tmp_path):
    """A fake Raspberry Pi with Terminal Tedium, all well."""
    return Pi(tmp_path)


QUICK = """#!/bin/sh
[ "$2 $3" = "venv --clear" ] || exec {python} "$@"
rm -rf "$4" && cp -a {template} "$4"
"""


@pytest.fixture(scope="session")
def python(tmp_path_factory):
    """A Python that copies an environment instead of making one, which takes a fraction of the time."""
    folder = tmp_path_factory.mktemp("python")
    template, program = folder / "template", folder / "python"
    subprocess.run([sys.executable, "-m", "venv", template], check=True)
    program.write_text(QUICK.format(python=sys.executable, template=template))
    program.chmod(0o755)
    return program
