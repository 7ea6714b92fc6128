"""What a board wants of the Pi's boot files, of its mixer and of the configuration."""

from ddsp_pi.places import SYSTEM_FILE
from ddsp_pi.rack.spec import BoardSpec, Codec
from hardware.plays import DEFAULT, Setup

_SERIAL, _I2C, _ONE_WIRE = {14, 15}, {2, 3}, 4


def config_txt(spec: BoardSpec) -> str:
    """The lines for /boot/firmware/config.txt, each with its reason."""
    # Whatever section the file ends with, these count.
    rows = ["[all]", "# the converter of the CV jacks", "dtparam=spi=on", *_i2c(spec)]
    if spec.codec:
        rows += ["# the sound of the board, and not the Pi's own", "dtparam=audio=off"]
        rows += [f"dtoverlay={spec.codec.overlays[0]}"]
    if _used(spec) & _SERIAL:
        rows += [f"# {_on(spec, _SERIAL)}: no serial port there", "enable_uart=0"]
    return "\n".join(rows)


def page(spec: BoardSpec) -> str:
    """The boot files, and what else must not stand in them."""
    parts = (f"```ini\n{config_txt(spec)}\n```", _serial(spec), _one_wire(spec), _other_overlay(spec))
    return "\n\n".join(part for part in parts if part)


def _serial(spec: BoardSpec) -> str:
    if not _used(spec) & _SERIAL:
        return ""
    return f"""{_on(spec, _SERIAL)}, where Pi OS puts its serial console. Take it out of the kernel's line,
and let nobody log in there:

```sh
sudo sed -i 's/console=\\(serial0\\|ttyAMA0\\|ttyS0\\),[0-9]* *//' /boot/firmware/cmdline.txt
sudo systemctl mask --now serial-getty@ttyAMA0.service serial-getty@ttyS0.service
```"""


def _one_wire(spec: BoardSpec) -> str:
    if _ONE_WIRE not in _used(spec):
        return ""
    return f"{_on(spec, {_ONE_WIRE})}: a line `dtoverlay=w1-gpio` would take it away."


def _other_overlay(spec: BoardSpec) -> str:
    if spec.codec is None or len(spec.codec.overlays) < 2:
        return ""
    overlays, cards = spec.codec.overlays, spec.codec.card_ids
    return f"""If `aplay -l` shows no card `{cards[0]}` after a reboot, take `{overlays[1]}` in place of
`{overlays[0]}`; its card is called `{cards[1]}`."""


def mixer(spec: BoardSpec) -> str:
    """The settings of the codec's mixer as commands, with what is wrong without each."""
    if spec.codec is None or not spec.codec.mixer:
        return "There is nothing to set: no mixer belongs to this board."
    card = spec.codec.card_ids[0]
    rows = ["| control | value | otherwise |", "|---|---|---|"]
    rows += [f"| {row.control} | {row.value} | {row.otherwise} |" for row in spec.codec.mixer]
    return "\n".join([*rows, "", "```sh", *commands(spec.codec, card), "sudo alsactl store", "```"])


def commands(codec: Codec, card: str) -> list[str]:
    """One command for each setting of the mixer."""
    return [f"amixer -c {card} cset name='{row.control}' '{row.value}'" for row in codec.mixer]


def settings(spec: BoardSpec, setup: Setup) -> str:
    """The configuration of ddsp-pi: the file that ships for the board, or the lines that name it."""
    if setup.file != DEFAULT:
        file = f"configs/{setup.file}"
        command = f"sudo install -D {file} {SYSTEM_FILE}"
        return f"[`{file}`](../{file}) is made for this board:\n\n```sh\n{command}\n```"
    rows = ["rack:", f"  board: {spec.name}"]
    if spec.codec:
        rows += ["audio:", f"  device: {spec.codec.card_ids[0]}"]
    return "\n".join(["```yaml", *rows, "```"])


def _i2c(spec: BoardSpec) -> list[str]:
    if spec.codec and spec.codec.i2c_address is not None:
        return [f"# {spec.codec.name} is told over I²C what to do", "dtparam=i2c_arm=on"]
    if any(line.pin in _I2C for line in spec.lines.values()):
        return [f"# {_on(spec, _I2C)}: no I²C there", "dtparam=i2c_arm=off"]
    return []


def _used(spec: BoardSpec) -> set[int]:
    return {line.pin for line in spec.lines.values()}


def _on(spec: BoardSpec, pins: set[int]) -> str:
    """Which lines are on some pins, in words."""
    found = [(name.replace("_", " "), line.pin) for name, line in spec.lines.items() if line.pin in pins]
    names = " and ".join(name for name, _ in found).capitalize()
    verb = "is" if len(found) == 1 else "are"
    return f"{names} {verb} on GPIO {' and '.join(str(pin) for _, pin in found)}"
