"""Whether the computer slows itself down, for heat or for want of power."""

from ddsp_pi.service.host import Host

HOT_C, TOO_HOT_C = 75.0, 80.0
"""At 80 °C a Pi begins to slow down."""

_THROTTLED = "/sys/devices/platform/soc*/soc*:firmware/get_throttled"
LOW_NOW, LOW_ONCE = 1 << 0, 1 << 16
CAPPED_NOW = 1 << 1 | 1 << 2 | 1 << 3


def throttled(host: Host) -> int | None:
    """Bits of the firmware's get_throttled, see its documentation under vcgencmd; None: it does not say."""
    words = [host.text(name) for name in host.glob(_THROTTLED)]
    word = next((word for word in words if word), None)
    return None if word is None else int(word, 16)


def celsius(host: Host) -> float | None:
    """The temperature of the processor; None: there is no thermometer."""
    text = host.text("/sys/class/thermal/thermal_zone0/temp")
    return int(text) / 1000.0 if text is not None and text.lstrip("-").isdigit() else None


def strained(host: Host) -> bool:
    """Whether it is slowed down now, or too hot, or short of power."""
    return bool((throttled(host) or 0) & (LOW_NOW | CAPPED_NOW)) or (celsius(host) or 0.0) >= TOO_HOT_C
