"""What a service tells systemd: that it is ready, how it is, and that it lives.

The protocol is that of sd_notify(3): lines of NAME=value in one datagram.
"""

import os
import socket
from collections.abc import Callable

Notify = Callable[[str], None]


def systemd_notify(environment: "os._Environ[str] | dict[str, str]" = os.environ) -> Notify:
    """A function that tells systemd something; without systemd it does nothing.

    $NOTIFY_SOCKET is taken out of the environment: what we start must not speak for us.
    """
    address = environment.pop("NOTIFY_SOCKET", "")
    environment.pop("WATCHDOG_PID", None)
    if not address:
        return lambda text: None
    if address.startswith("@"):
        address = f"\0{address[1:]}"
    speaker = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
    speaker.setblocking(False)

    def notify(text: str) -> None:
        try:
            speaker.sendto(text.encode(), address)
        except OSError:
            # A systemd that is busy hears the next one; the sound does not wait for it.
            return

    return notify
