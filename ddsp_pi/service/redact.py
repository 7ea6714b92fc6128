"""Takes out of a text what is nobody else's business: who, where, and from which machine."""

import re

_HOME = r"(?<!\w)(?:/(?:home|Users)/[^/\s:'\",;]+|/root(?![\w-]))"
_IPV4 = r"\b(?!127\.)(?!0\.0\.0\.0\b)(?:\d{1,3}\.){3}\d{1,3}\b"
_IPV6 = r"(?<![\w:])(?=(?:[0-9a-f]*:){3})(?:[0-9a-f]{0,4}:){3,7}[0-9a-f]{0,4}(?![\w:])"
_SECRETS = r"((?:pass(?:word|wd|phrase)?|psk|token|secret|api_?key|ssid)\s*[=:]\s*)\S.*"
_NUMBERS = r"((?:serial|machine.?id|boot.?id)\s*[=:]\s*)[0-9a-f-]{8,}"

PATTERNS = {
    r"\b[0-9a-f]{2}(?::[0-9a-f]{2}){5}\b": "<mac address>",
    r"\b[a-z]+://[^\s/@]+@": "<login>@",
    r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+": "<mail address>",
    _SECRETS: r"\1<left out>",
    _NUMBERS: r"\1<left out>",
    _IPV4: "<ip address>",
    _IPV6: "<ip address>",
    _HOME: "~",
}
"""What is looked for, in order, and what stands there instead."""


def redacted(text: str, names: tuple[str, ...] = ()) -> str:
    """The text without addresses, secrets, home folders, and without these names (of user and machine)."""
    for pattern, instead in PATTERNS.items():
        text = re.sub(pattern, instead, text, flags=re.IGNORECASE)
    for name in names:
        if len(name) > 2:
            text = re.sub(rf"\b{re.escape(name)}\b", "<name>", text)
    return text
