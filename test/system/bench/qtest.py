"""QEMU's test port: reads and writes of the machine's buses from outside the guest.

It plays the previous owner of a card, who left it in some state.
"""

from .port import Port


class Qtest(Port):
    """The protocol of `-qtest`."""

    def arguments(self):
        """QEMU's options."""
        return ["-chardev", f"socket,id=qtest,path={self.path}", "-qtest", "chardev:qtest",
                "-qtest-log", "none"]

    def _ask(self, command):
        self.connect()
        self.write(command)
        answer = self.lines.readline().split()
        if not answer or answer[0] != "OK":
            raise RuntimeError(f"qtest: {command}: {answer}")
        return int(answer[1], 0) if len(answer) > 1 else None

    def read32(self, address):
        """A register in memory space."""
        return self._ask(f"readl {address:#x}")

    def write32(self, address, value):
        """Writes a register in memory space."""
        self._ask(f"writel {address:#x} {value:#x}")

    def out(self, port, value, size=32):
        """Writes a port of 8, 16 or 32 bits."""
        self._ask(f"out{ {8: 'b', 16: 'w', 32: 'l'}[size] } {port:#x} {value:#x}")

    def in32(self, port):
        """Reads a port."""
        return self._ask(f"inl {port:#x}")


class PciFunction:
    """The configuration space of a function on bus 0."""

    def __init__(self, qtest, slot):
        self.qtest = qtest
        self.slot = slot

    def _select(self, offset):
        before = self.qtest.in32(0xCF8)
        self.qtest.out(0xCF8, 0x80000000 | self.slot << 11 | offset)
        return before

    def read(self, offset):
        """Reads 32 bits."""
        before = self._select(offset)
        value = self.qtest.in32(0xCFC)
        self.qtest.out(0xCF8, before)
        return value

    def write(self, offset, value):
        """Writes 32 bits."""
        before = self._select(offset)
        self.qtest.out(0xCFC, value)
        self.qtest.out(0xCF8, before)

    def bar(self, index):
        """The address in a BAR."""
        value = self.read(0x10 + 4 * index)
        return value & (~3 if value & 1 else ~15)

    def enable_dma(self):
        """Decoding and bus mastering on, interrupts too."""
        self.write(4, 7)

    def sleep(self):
        """Power state D3, where the function has power management."""
        at = self.read(0x34) & 0xFC
        while at:
            header = self.read(at)
            if header & 0xFF == 1:
                self.write(at + 4, self.read(at + 4) | 0x8103)
                return
            at = header >> 8 & 0xFC
