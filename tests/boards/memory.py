"""The GPIO registers of a BCM2711 (BCM2711 ARM Peripherals, section 5.2), as memory that a test watches."""

import ctypes

INPUT, OUTPUT, ALTERNATIVE_0 = 0, 1, 4
NO_PULL, PULL_UP = 0, 1


class Registers(ctypes.Structure):
    """Words from the start of the block on. Writing sets nothing here: the test is the hardware."""

    _fields_ = (
        ("select", ctypes.c_uint32 * 6),
        ("_1", ctypes.c_uint32),
        ("set", ctypes.c_uint32 * 2),
        ("_2", ctypes.c_uint32),
        ("clear", ctypes.c_uint32 * 2),
        ("_3", ctypes.c_uint32),
        ("level", ctypes.c_uint32 * 2),
        ("_4", ctypes.c_uint32 * 42),
        ("pull", ctypes.c_uint32 * 4),
        ("_5", ctypes.c_uint32 * 963),
    )

    def function(self, pin):
        return self.select[pin // 10] >> 3 * (pin % 10) & 7

    def set_function(self, pin, function):
        self.select[pin // 10] |= function << 3 * (pin % 10)

    def pulled(self, pin):
        return self.pull[pin // 16] >> 2 * (pin % 16) & 3

    def drive(self, pin, high):
        """What the wire does."""
        self.level[0] = self.level[0] & ~(1 << pin) | high << pin

    def driven(self):
        """Pins that were last set high, and last set low; forgotten then."""
        found = tuple([pin for pin in range(32) if word[0] >> pin & 1] for word in (self.set, self.clear))
        self.set[0] = self.clear[0] = 0
        return found
