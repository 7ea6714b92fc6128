"""Where the program comes from that setup installs: a release, or what is running now."""

import json
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from shlex import join
from urllib.parse import unquote, urlsplit

from ddsp_pi.places import PROGRAM
from ddsp_pi.service.setup.applying import Say, last_words
from ddsp_pi.service.setup.hands import Hands
from ddsp_pi.service.versions.alone import alone
from ddsp_pi.service.versions.releases import Releases
from ddsp_pi.service.versions.wheels import FILES

_CHECKOUT = "pyproject.toml"


def own_source() -> str:
    """The wheel or the folder that this program was installed from; empty: an index."""
    with suppress(PackageNotFoundError, json.JSONDecodeError):
        origin = json.loads(distribution("ddsp-pi").read_text("direct_url.json") or "{}")
        url = urlsplit(origin.get("url", ""))
        return unquote(url.path) if url.scheme == "file" else ""
    return ""


def bring(hands: Hands, source: str, say: Say, step: Callable[[int], object]) -> None:
    """Install a version and let it be the one that plays.

    Raises:
        ConfigError: what is there cannot be used.
        OSError: it could not be installed.
    """
    releases = Releases(hands.host.path(str(PROGRAM)))
    with alone(releases.folder), tempfile.TemporaryDirectory() as scratch:
        if source and (Path(source) / _CHECKOUT).is_file():
            say(f"  building a wheel from {source}")
            source = _built(hands, source, Path(scratch))
        releases.switch(releases.install(source or None, say, step))


def _built(hands: Hands, checkout: str, scratch: Path) -> str:
    """A wheel by itself, and no folder of wheels: what it needs may come from an index."""
    pip = (sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir")
    result = hands.do(join((*pip, str(scratch), checkout)))
    found = list(scratch.glob(FILES))
    if result.code or not found:
        raise ChildProcessError(f"no wheel could be built from {checkout}: {last_words(result)}")
    return str(found[0])
