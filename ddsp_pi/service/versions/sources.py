"""Where a release comes from: a wheel, a folder of wheels, as on a USB stick, or an index of packages."""

import sys
from dataclasses import dataclass
from pathlib import Path

from ddsp_pi.errors import ConfigError
from ddsp_pi.service.versions.quietly import Quietly
from ddsp_pi.service.versions.wheels import Wheel, newest_wheel, open_wheel


@dataclass(frozen=True, slots=True)
class Supply:
    """A wheel, and where what it needs may come from."""

    wheel: Wheel
    folders: tuple[Path, ...] = ()
    """Folders of wheels, looked at first."""
    index: tuple[str, ...] | None = None
    """Words for pip that name an index; empty: the one that it is set up with; None: never ask one."""


def find_supply(source: str | Path | None, scratch: Path, quietly: Quietly) -> Supply:
    """The wheel that a word of the user names; None: the newest of the usual index.

    A wheel that has to be downloaded is put into `scratch`.

    Raises:
        ConfigError: what is there cannot be used. ChildProcessError: the index did not give it.
    """
    if source is None or "://" in str(source):
        index = () if source is None else ("--index-url", str(source))
        return Supply(_downloaded(index, scratch, quietly), index=index)
    path = Path(source).absolute()
    if path.is_dir():
        return Supply(newest_wheel(path), (path,))
    if not path.exists():
        raise ConfigError(
            f"{path}: there is no such file or folder; name a wheel, a folder of wheels or an index"
        )
    return Supply(open_wheel(path), (path.parent,), ())


def _downloaded(index: tuple[str, ...], scratch: Path, quietly: Quietly) -> Wheel:
    words = ("download", "--no-deps", "--only-binary", ":all:", *index, "--dest", str(scratch), "ddsp-pi")
    try:
        quietly.run([sys.executable, "-m", "pip", *words])
    except ChildProcessError as error:
        asked = index[-1] if index else "the usual index"
        raise ChildProcessError(
            f"{asked} gave no wheel of ddsp-pi: {quietly.say_where(str(error))}. "
            "Without a network: name a wheel, or the folder of a USB stick"
        ) from None
    return newest_wheel(scratch)
