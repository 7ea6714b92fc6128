"""What can be set only once the codec is there, which it is after a restart."""

from ddsp_pi.places import PROGRAM, SERVICE, UNITS
from ddsp_pi.service.findings import Check, Finding, ok, skipped, warning
from ddsp_pi.service.mends import Command, Whole
from ddsp_pi.service.sound import card_of
from ddsp_pi.service.view import View, as_service, has_codec

UNIT = "ddsp-pi-finish.service"

ENABLED = f"{UNITS}/multi-user.target.wants/{UNIT}"

_TEXT = f"""# By ddsp-pi setup: switches the codec through, once it is there, and is disabled then.
[Unit]
Description=The codec's mixer for ddsp-pi, once
After=sound.target alsa-restore.service {SERVICE}

[Service]
Type=oneshot
ExecStart={PROGRAM}/current/bin/ddsp-pi setup --only mixer finish

[Install]
WantedBy=multi-user.target
"""


def _finish(view: View) -> Finding:
    if not view.codec.mixer:
        return skipped(f"the {view.codec.name} has no mixer")
    enabled = view.host.exists(ENABLED)
    if card_of(view.host, view.codec) is not None:
        if enabled:
            return warning("the codec is there by now", Command(f"systemctl disable {UNIT}"))
        return ok("nothing is left to be done")
    if enabled:
        return ok("the codec's mixer is set at the next start")
    return warning(
        "the codec's mixer can be set only after the next start",
        Whole(f"{UNITS}/{UNIT}", _TEXT),
        Command("systemctl daemon-reload"),
        Command(f"systemctl enable {UNIT}", f"systemctl disable {UNIT}"),
    )


CHECKS = (
    Check(
        "finish",
        "Codec",
        "after a restart",
        "a codec is there, and can be switched through, only after its overlay was loaded",
        _finish,
        (as_service, has_codec),
    ),
)
