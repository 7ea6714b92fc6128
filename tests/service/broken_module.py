"""What can be broken on a module that was set up, and what the doctor must say of it."""

import os

from tests.service.broken import both, fault, warning, without_codec_card
from tests.service.fake import CMDLINE, GOVERNOR
from tests.service.module import PACKAGES, VERSION, has_packages, set_up, unfinished


def on_module(*steps):
    return both(set_up, *steps)


def without(*names):
    return on_module(lambda pi: pi.remove(*names))


def instead(name, old, new):
    return on_module(lambda pi: pi.replace(name, old, new))


def services(**states):
    return on_module(
        lambda pi: pi.services.update({f"{n.replace('_', '-')}.service": states[n] for n in states})
    )


BROKEN_MODULE = (
    fault(
        "a package too few",
        on_module(lambda pi: has_packages(pi, *(name for name in PACKAGES if name != "alsa-utils"))),
        "packages",
        "not installed: alsa-utils",
        "sudo apt-get install alsa-utils",
    ),
    fault(
        "no user",
        instead("/etc/passwd", "ddsp-pi:", "someone:"),
        "user",
        "no user ddsp-pi",
        "sudo useradd --system",
    ),
    fault(
        "a user without SPI",
        instead("/etc/group", "spi:x:989:pi,ddsp-pi", "spi:x:989:pi"),
        "user",
        "ddsp-pi is not in group spi",
        "sudo usermod -aG spi ddsp-pi",
    ),
    warning(
        "you in no group",
        instead("/etc/group", "ddsp-pi:x:995:pi", "ddsp-pi:x:995:"),
        "person",
        "pi is not in group ddsp-pi",
        "sudo usermod -aG ddsp-pi pi",
    ),
    fault(
        "a folder of somebody else's",
        instead("/etc/passwd", f"ddsp-pi:x:{os.getuid()}:", "ddsp-pi:x:9999:"),
        "data-folder",
        "does not belong to ddsp-pi",
        "sudo chown -R ddsp-pi:ddsp-pi /var/lib/ddsp_pi",
    ),
    fault(
        "a folder that the group may not write",
        on_module(lambda pi: pi.at("/var/lib/ddsp_pi").chmod(0o755)),
        "data-folder",
        "has mode 755",
        "sudo install -d",
    ),
    fault(
        "a program that is not whole",
        without(f"/opt/ddsp-pi/versions/{VERSION}/complete"),
        "program",
        "none in /opt/ddsp-pi",
        "sudo ddsp-pi setup",
    ),
    fault(
        "no command",
        without("/usr/local/bin/ddsp-pi"),
        "launcher",
        "no /usr/local/bin/ddsp-pi",
        "sudo ln -sfn /opt/ddsp-pi/current/bin/ddsp-pi",
    ),
    warning(
        "another command",
        on_module(
            lambda pi: pi.remove("/usr/local/bin/ddsp-pi"),
            lambda pi: pi.write("/usr/local/bin/ddsp-pi", "#!"),
        ),
        "launcher",
        "is another program",
        "move it away",
    ),
    fault(
        "no settings",
        without("/etc/ddsp_pi/config.yaml"),
        "settings-file",
        "no /etc/ddsp_pi/config.yaml",
        "/etc/ddsp_pi/config.yaml",
    ),
    fault(
        "a unit that was edited",
        on_module(lambda pi: pi.write("/etc/systemd/system/ddsp-pi.service", "[Service]\nLimitRTPRIO=95\n")),
        "units",
        "not as they ship: ddsp-pi.service",
        "sudo systemctl daemon-reload",
    ),
    fault(
        "a unit that is off",
        without("/etc/systemd/system/multi-user.target.wants/ddsp-pi.service"),
        "units",
        "not enabled: ddsp-pi.service",
        "sudo systemctl enable ddsp-pi.service",
    ),
    warning(
        "a journal that forgets",
        without("/etc/systemd/journald.conf.d"),
        "journal",
        "a power cut may take the journal",
        "Storage=persistent",
    ),
    fault(
        "a service that fell",
        services(ddsp_pi="failed"),
        "service",
        "ddsp-pi.service is failed",
        "journalctl",
    ),
    fault(
        "safe mode",
        services(ddsp_pi="failed", ddsp_pi_safe="active"),
        "service",
        "fell again and again",
        "sudo systemctl start ddsp-pi",
    ),
    warning(
        "a codec that comes after the restart",
        on_module(without_codec_card),
        "finish",
        "only after the next start",
        "sudo systemctl enable ddsp-pi-finish.service",
    ),
    warning(
        "a codec that has come",
        on_module(unfinished),
        "finish",
        "the codec is there by now",
        "sudo systemctl disable ddsp-pi-finish.service",
    ),
    warning(
        "the usual governor of a module",
        on_module(lambda pi: pi.write(GOVERNOR, "ondemand\n")),
        "governor",
        "ondemand, not performance",
        "sudo systemctl restart ddsp-pi-governor.service",
    ),
    warning(
        "interrupts before the sound",
        lambda pi: (pi.replace("/proc/cmdline", " threadirqs", ""), pi.replace(CMDLINE, " threadirqs", "")),
        "interrupts",
        "an ordinary kernel",
        "setup --realtime",
    ),
)
