"""What a module is beside its boards: packages, a user of its own, the program, folders and settings."""

import hashlib
import shlex
import stat
from pathlib import Path

from ddsp_pi.places import LAUNCHER, PROGRAM, SERVICE, SYSTEM_DATA, SYSTEM_FILE
from ddsp_pi.rack.boards import AUTO
from ddsp_pi.service.findings import LOGIN, Check, Finding, fault, ok, skipped, warning
from ddsp_pi.service.mends import Command, Link, Packages, Program, Remedy, Whole
from ddsp_pi.service.packages import STATUS, installed
from ddsp_pi.service.shipping import SCHEMA, schema_text, settings_text
from ddsp_pi.service.users import groups, me, users
from ddsp_pi.service.view import View, Wish, as_service

SECTION = "Module"

USER = "ddsp-pi"
"""The user that plays, and its group: who is in it may change instruments, presets and calibration."""

PARTS = ("audio", "spi", "gpio", "i2c")
"""Groups that open the hardware, as far as a system has them."""

_FOLDER_MODE = 0o2775
_COMPILER = ("gcc", "libc6-dev", "python3-dev")
"""There is no wheel of spidev for a Pi, so it is built there."""


def _packages(view: View) -> Finding:
    if not view.host.exists(STATUS):
        return skipped("this system's packages are not Debian's")
    wanted = ["libportaudio2", "python3-venv", *(_COMPILER if _compiles(view) else ())]
    if view.board is not None and view.board.codec is not None and view.board.codec.mixer:
        wanted.append("alsa-utils")
    here = installed(view.host)
    missing = tuple(name for name in wanted if name not in here)
    if missing:
        return fault(f"not installed: {', '.join(missing)}", Packages(missing))
    return ok(f"{', '.join(wanted)} are installed")


def _compiles(view: View) -> bool:
    """Whether the converter's driver has to be built here: it is neither there nor beside the program."""
    if not view.host.model or (view.wish and any(Path(view.wish.source).glob("spidev-*.whl"))):
        return False
    try:
        view.probes.load_module("spidev")
    except ImportError:
        return True
    return False


def _user(view: View) -> Finding:
    known = groups(view.host)
    parts = [name for name in PARTS if name in known]
    if USER not in users(view.host):
        return fault(f"there is no user {USER}", *_new_user(parts))
    lacking = [name for name in parts if USER not in known[name].members]
    if lacking:
        return fault(f"{USER} is not in group {', '.join(lacking)}", *_joining(USER, lacking))
    return ok(f"{USER} is in {', '.join(parts) or 'no group'}")


def _new_user(parts: list[str]) -> list[Remedy]:
    add = f"useradd --system --user-group --no-create-home --home-dir {SYSTEM_DATA}"
    # A group that still has members would stay without its user.
    delete = f"userdel {USER}; ! getent group {USER} >/dev/null || groupdel {USER}"
    return [Command(f"{add} --shell /usr/sbin/nologin {USER}", delete), *_joining(USER, parts)]


def _joining(user: str, names: list[str]) -> list[Remedy]:
    who = shlex.quote(user)
    return [Command(f"usermod -aG {name} {who}", f"gpasswd -d {who} {name}") for name in names]


def _person(view: View) -> Finding:
    here = me(view.host)
    person = view.wish.person if view.wish else here.name if here and here.uid else ""
    if not person or person == "root":
        return skipped("nobody but root asks")
    group = groups(view.host).get(USER)
    if group is not None and person in group.members:
        return ok(f"{person} is in {USER}")
    return warning(f"{person} is not in group {USER}", *_joining(person, [USER]), then=LOGIN)


def _data(view: View) -> Finding:
    folder, ids = str(SYSTEM_DATA), users(view.host)
    if USER not in ids and view.wish is None:
        return skipped(f"there is no user {USER}")
    own = f"{USER}:{USER} {folder}"
    make = Command(
        f"install -d -o {USER} -g {USER} -m 2775 {folder}",
        f"rmdir --ignore-fail-on-non-empty {folder}; [ ! -d {folder} ] || chown -R root:root {folder}",
    )
    if not view.host.exists(folder):
        return fault(f"{folder} is not there", make)
    state = view.host.path(folder).stat()
    if state.st_uid != ids.get(USER):
        return fault(f"{folder} does not belong to {USER}", Command(f"chown -R {own}"), make)
    if stat.S_IMODE(state.st_mode) != _FOLDER_MODE:
        return fault(f"{folder} has mode {stat.S_IMODE(state.st_mode):o}", make)
    return ok(f"{folder} belongs to {USER} and its group")


def _program(view: View) -> Finding:
    name = view.host.link(f"{PROGRAM}/current").rpartition("/")[2]
    wish = view.wish or Wish()
    if not name or not view.host.exists(f"{PROGRAM}/versions/{name}/complete"):
        return fault(f"none in {PROGRAM}", Program(wish.source))
    wheel = Path(wish.source)
    if wish.named and wheel.is_file() and not name.endswith(_short_sum(wheel)):
        again = f"sudo systemctl restart {SERVICE}"
        return warning(f"{name} plays, and not {wheel.name}", Program(wish.source), then=again)
    return ok(name)


def _short_sum(wheel: Path) -> str:
    """By which two wheels of the same version are told apart."""
    with wheel.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:8]


def _launcher(view: View) -> Finding:
    target = f"{PROGRAM}/current/bin/ddsp-pi"
    if view.host.link(str(LAUNCHER)) == target:
        return ok(f"{LAUNCHER} starts what plays")
    if view.host.exists(str(LAUNCHER)) and not view.host.link(str(LAUNCHER)):
        return warning(f"{LAUNCHER} is another program", by_hand=f"move it away, or call {target}")
    return fault(f"no {LAUNCHER}", Link(str(LAUNCHER), target))


def _settings(view: View) -> Finding:
    file, named = str(SYSTEM_FILE), view.wish.board if view.wish else ""
    if not view.host.exists(file):
        return fault(f"no {file}", Whole(file, settings_text(named or _found(view)), players=True))
    set_to = view.config.rack.board if view.config else AUTO
    if named and set_to not in (named, AUTO):
        return warning(f"{file} is for {set_to}", by_hand=f"set rack.board to {named} in it: it is yours")
    return ok(file)


def _schema(view: View) -> Finding:
    text = schema_text()
    if text is None:
        return skipped("none ships with this version")
    if view.host.text(str(SCHEMA)) == text.strip():
        return ok(f"{SCHEMA} is that of this version")
    return warning(f"{SCHEMA} is not that of this version", Whole(str(SCHEMA), text))


def _found(view: View) -> str:
    """The board that is here for sure: a codec is proof, SPI alone is not."""
    return view.board.name if view.board is not None and view.board.codec is not None else ""


CHECKS = (
    Check(
        "packages",
        SECTION,
        "packages",
        "the sound card, the program's own environment and drivers without wheels need them",
        _packages,
        (as_service,),
    ),
    Check(
        "user",
        SECTION,
        "user",
        "a user without rights plays, so that nothing can go wrong",
        _user,
        (as_service,),
    ),
    Check(
        "person",
        SECTION,
        "your group",
        "instruments, presets and calibration are changed by who is in it, without sudo",
        _person,
        (as_service,),
    ),
    Check(
        "data-folder",
        SECTION,
        "your own",
        "what is yours is kept there, whatever is updated",
        _data,
        (as_service,),
    ),
    Check(
        "program", SECTION, "program", "each version is whole and beside the others", _program, (as_service,)
    ),
    Check("launcher", SECTION, "command", "so that ddsp-pi is found", _launcher, (as_service,)),
    Check("settings-file", SECTION, "settings", "that is where you change things", _settings, (as_service,)),
    Check(
        "schema",
        SECTION,
        "editors",
        "an editor that knows it tells what a line may be while you type",
        _schema,
        (as_service,),
    ),
)
