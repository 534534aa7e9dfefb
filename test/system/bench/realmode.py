"""Disks that hold a real-mode program, and what the host expects it to find."""

import random
import re
import struct
from array import array

from .cache import assembled

SECTOR = 512
MAGIC = b"I13T"
MULTIPLIER = 0x9E3779B1
MASK = 0xFFFFFFFF

INTEGRITY, BENCHMARK, ENDURANCE, BIG_REAL = 1, 2, 3, 4
END_MACHINE, END_INT18, END_HALT = 0, 1, 2


class Int13Disk:
    """A disk image with the INT 13h program on it.

    The read region holds random bytes; the write region begins as zeros.
    """

    def __init__(self, path, mode=INTEGRITY, ending=END_MACHINE, size_mb=16, read_lba=2048,
                 read_count=1016, write_lba=20480, passes=1, pause=0, phases=0xFFFF, seed=1):
        self.path = path
        self.sectors = size_mb * 2048
        self.read_lba, self.read_count, self.write_lba = read_lba, read_count, write_lba
        self.seed = seed
        program = bytearray(assembled("int13.asm").read_bytes())
        if program[SECTOR : SECTOR + 4] != MAGIC:
            raise RuntimeError("int13.asm: the parameters have moved")
        struct.pack_into("<HHIIIIIHHH", program, SECTOR + 4, mode, ending, read_lba, read_count,
                         write_lba, seed, self.sectors, passes, pause, phases)
        with open(path, "wb") as disk:
            disk.write(program)
            disk.seek(read_lba * SECTOR)
            disk.write(random.Random(seed).randbytes(read_count * SECTOR))
            disk.truncate(self.sectors * SECTOR)

    def read(self, lba, count):
        """Sectors of the file as it is now."""
        with open(self.path, "rb") as disk:
            disk.seek(lba * SECTOR)
            return disk.read(count * SECTOR)

    def region_sum(self):
        """The sum that READ lines must show."""
        return rotating_sum(self.read(self.read_lba, self.read_count))

    def pattern(self, lba, count):
        """What the program writes to these sectors."""
        first = lba * 128
        words = ((first + n) * MULTIPLIER + self.seed & MASK for n in range(count * 128))
        return array("I", words).tobytes()


def rotating_sum(data):
    """Rotate left by one and add each dword."""
    total = 0
    for word in array("I", data):
        total = ((total << 1 | total >> 31) + word) & MASK
    return total


def lines(text, word):
    """The program's lines that begin with a word, as dicts of name=value."""
    found = []
    for line in text.splitlines():
        if line.startswith(word):
            fields = dict(re.findall(r"(\S+)=(\S+)", line))
            fields["line"] = line
            found.append(fields)
    return found


def memmap_disk(path):
    """A disk whose boot sector prints the memory map."""
    path.write_bytes(assembled("memmap.asm").read_bytes().ljust(16 << 20, b"\0"))
    return path


class MemoryMap:
    """What the memmap program printed."""

    def __init__(self, text):
        body = text.split("MEMMAP-BEGIN", 1)[1].split("MEMMAP-END", 1)[0]
        self.entries = [
            (int(start, 16), int(size, 16), int(kind, 16))
            for start, size, kind in re.findall(r"e820 (\w+) (\w+) (\w+)", body)
        ]
        e801 = re.search(r"e801 (\w+) (\w+)", body)
        self.e801 = (int(e801.group(1), 16), int(e801.group(2), 16))
        self.int88 = int(re.search(r"^88 (\w+)", body, re.M).group(1), 16)
        self.base_kb = int(re.search(r"int12 (\w+)", body).group(1), 16)

    def ram_from_1mb(self):
        """Kilobytes of RAM from 1 MB up to the first hole below 4 GB."""
        end = 0x100000
        for start, size, kind in sorted(self.entries):
            if kind == 1 and start <= end < start + size:
                end = start + size
        return (end - 0x100000) // 1024

    def base_end(self):
        """The end of the RAM that begins at 0."""
        return next(start + size for start, size, kind in sorted(self.entries)
                    if kind == 1 and start == 0)
