"""Lines of the firmware's files, changed without touching anything else in them."""

import re


def ending(text: str) -> str:
    """How a text ends its lines: a card written on Windows may have other ends."""
    return "\r\n" if "\r\n" in text else "\n"


def setting(row: str) -> str:
    """What a row of config.txt sets, without the remark after it."""
    return row.partition("#")[0].strip()


def last_section(text: str) -> tuple[str, list[str]]:
    """The section that config.txt ends under, and the settings in it."""
    section, rows = "all", list[str]()
    for row in map(setting, text.splitlines()):
        if row.startswith("["):
            section, rows = row.strip("[]").lower(), []
        elif row:
            rows.append(row)
    return section, rows


def taken_out(row: str, unwanted: str) -> str:
    """A row of config.txt without a setting; a row with others keeps these."""
    key, _, value = unwanted.partition("=")
    name, _, values = (part.strip() for part in setting(row).partition("="))
    if (name, values) == (key, value):
        return f"#{row}"
    if key != "dtparam" or name != key or value not in values.split(","):
        return row
    left = [each for each in values.split(",") if each != value]
    return row.replace(values, ",".join(left), 1)


def without_word(text: str, start: str) -> str:
    """A kernel's line without the words that begin so."""
    return re.sub(rf"(?<!\S){re.escape(start)}[^\s]*[ ]*", "", text)
