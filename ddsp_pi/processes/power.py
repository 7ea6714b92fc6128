"""Switches the whole computer off in order: one that is just cut off may lose what it wrote last."""

from collections.abc import Callable
from pathlib import Path

from ddsp_pi.processes.launch import Launch

NAME = "power-off"
"""A file in the runtime folder. We may not switch anything off; a unit of systemd's waits for it."""


def ask_to_power_off(launch: Launch, say: Callable[[str], object]) -> None:
    """Have the system end everything in order and switch itself off, if this is its service."""
    if not launch.unattended:
        say("only a module that runs as a service switches its computer off")
        return
    file = Path(launch.last_words).with_name(NAME)
    try:
        file.touch()
    except OSError as error:
        say(f"the computer cannot be switched off from here: {error}; 'sudo poweroff' does it")
        return
    say("the computer is switched off; when its own light is out, so may be the case")
