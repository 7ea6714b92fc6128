"""The view of a system: files, commands that are missing or hang, and the kernel's answers."""

import fcntl
import os
import struct
import subprocess

import pytest

from ddsp_pi.service import host as host_module
from ddsp_pi.service import kernel_gpio
from ddsp_pi.service.header import HEADER, place
from ddsp_pi.service.host import NOT_INSTALLED, TOOK_TOO_LONG, Host, run_command
from ddsp_pi.service.kernel_gpio import KernelGpio
from ddsp_pi.service.users import holders, me


def test_a_command_answers():
    assert run_command(("sh", "-c", "echo $LC_ALL; echo oh >&2; exit 3")) == (3, "C\n", "oh\n")


def test_a_command_that_is_not_there_is_said():
    assert run_command(("no-such-command",)).code == NOT_INSTALLED


def test_a_command_that_hangs_is_left(monkeypatch):
    monkeypatch.setattr(host_module, "PATIENCE_S", 0.05)
    assert run_command(("sleep", "60")).code == TOOK_TOO_LONG


def test_what_is_not_there_reads_as_nothing(tmp_path):
    host = Host(tmp_path)
    assert host.text("/proc/asound/cards") is None
    assert (host.lines("/x"), host.glob("/dev/*"), host.link("/x"), host.model) == ([], [], "", "")
    assert me(host) is None


def test_this_very_system_is_read_as_it_is(tmp_path):
    file = tmp_path / "held"
    file.touch()
    with file.open():
        found = holders(Host(), str(file))
        assert [process.pid for process in found] == [os.getpid()]
    assert holders(Host(), str(file)) == []
    assert me(Host()).uid == os.geteuid()
    assert me(Host()).gids == {os.getegid(), *os.getgroups()}


def test_the_header_has_each_line_once():
    assert sorted(HEADER) == list(range(28))
    assert len(set(HEADER.values())) == 28
    # Ground and supply are where no line is.
    assert set(HEADER.values()).isdisjoint({1, 2, 4, 6, 9, 14, 17, 20, 25, 30, 34, 39})


@pytest.mark.parametrize(
    ("bcm", "pin"),
    {2: 3, 3: 5, 4: 7, 14: 8, 17: 11, 27: 13, 23: 16, 10: 19, 9: 21, 11: 23, 7: 26, 21: 40}.items(),
)
def test_lines_are_where_the_raspberry_pi_has_them(bcm, pin):
    assert place(bcm) == f"GPIO {bcm} (header pin {pin})"


@pytest.fixture
def kernel(monkeypatch):
    """A kernel as in linux/gpio.h: line 4 is used by onewire, 17 by somebody without a name."""

    def ioctl(device, request, question):
        os.fstat(device)
        size = request >> 16 & 0x3FFF
        assert size == len(question)
        if request & 0xFF == 1:
            return struct.pack("32s32sI", b"gpiochip0", b"pinctrl-bcm2711", 58)
        pin = struct.unpack_from("I", question, 64)[0]
        users = {4: b"onewire@0", 17: b""}
        head = struct.pack("32s32sIIQ", b"GPIO", users.get(pin, b""), pin, 0, 4 | (pin in users))
        return head.ljust(size, b"\0")

    monkeypatch.setattr(fcntl, "ioctl", ioctl)


def test_a_chip_is_asked_for_its_label(kernel, tmp_path):
    chip = tmp_path / "gpiochip0"
    chip.touch()
    assert KernelGpio().label(chip) == "pinctrl-bcm2711"


def test_a_chip_is_asked_who_uses_its_lines(kernel, tmp_path):
    chip = tmp_path / "gpiochip0"
    chip.touch()
    assert KernelGpio().users(chip, [4, 14, 17]) == {4: "onewire@0", 17: "somebody"}


def test_what_is_no_chip_is_refused(tmp_path):
    file = tmp_path / "gpiochip0"
    file.touch()
    for path in (file, tmp_path / "none"):
        with pytest.raises(OSError, match=r"ioctl|No such file"):
            KernelGpio().label(path)


def test_the_kernel_is_asked_as_its_own_header_says(compiler, tmp_path):
    source, program = tmp_path / "say.c", tmp_path / "say"
    source.write_text(
        "#include <linux/gpio.h>\n#include <stddef.h>\n#include <stdio.h>\n"
        "#define AT(field) offsetof(struct gpio_v2_line_info, field)\n"
        'int main(void) { printf("%lu %lu %lu %lu %lu %lu %lu %d", (unsigned long)GPIO_GET_CHIPINFO_IOCTL,'
        "(unsigned long)GPIO_V2_GET_LINEINFO_IOCTL, sizeof(struct gpiochip_info),"
        "sizeof(struct gpio_v2_line_info), AT(consumer), AT(offset), AT(flags), GPIO_V2_LINE_FLAG_USED); }"
    )
    subprocess.run([compiler, str(source), "-o", str(program)], check=True)
    said = [int(word) for word in subprocess.check_output([str(program)], text=True).split()]
    assert said[:2] == [kernel_gpio._GET_CHIP_INFO, kernel_gpio._GET_LINE_INFO]
    assert said[2:4] == [kernel_gpio._CHIP.size, kernel_gpio._LINE.size]
    assert said[4:] == [32, 64, 72, kernel_gpio._USED]
