"""Boot sectors that report how they were entered, on disks with partitions."""

import re
import struct

from .cache import assembled

SECTOR = 512
INT18, RETURN, INT19, END = range(4)


def boot_sector(tag, ending=INT18, table=b""):
    """The program of report.asm with a partition table behind it."""
    code = bytearray(assembled("report.asm").read_bytes())
    code[3:11] = tag.encode().ljust(8, b"\0")
    code[11] = ending
    return bytes(code).ljust(446, b"\0") + table.ljust(64, b"\0") + b"\x55\xaa"


def entry(start, count, kind=0x83):
    """One line of an MBR's partition table."""
    return struct.pack("<B3xB3xII", 0, kind, start, count)


def table_sector(entries):
    """A sector with a partition table and nothing else."""
    return (bytes(446) + entries).ljust(510, b"\0") + b"\x55\xaa"


class Disk:
    """A disk image that is put together sector by sector."""

    def __init__(self, path, size_kb=4096):
        self.path = path
        with open(path, "wb") as disk:
            disk.truncate(size_kb << 10)

    def put(self, lba, data):
        """Writes at a sector; returns the disk."""
        with open(self.path, "r+b") as disk:
            disk.seek(lba * SECTOR)
            disk.write(data)
        return self


def gpt(disk, number, start, count):
    """Makes it a disk as UEFI systems have them: no code in sector 0, one partition."""
    guard = table_sector(entry(1, disk.path.stat().st_size // SECTOR - 1, 0xEE))
    header = struct.pack("<8sIII4xQQQQ16sQIII", b"EFI PART", 0x10000, 92, 0, 1, 0, 34, 0,
                         bytes(16), 2, 128, 128, 0)
    line = struct.pack("<16s16sQQQ72x", b"t" * 16, b"u" * 16, start, start + count - 1, 0)
    disk.put(0, guard).put(1, header)
    return disk.put(2, bytes(128 * (number - 1)) + line)


def reports(text):
    """What the boot sectors said, as dicts."""
    return [dict(re.findall(r"(\S+)=(\S+)", line)) for line in text.splitlines()
            if line.startswith("BOOT ")]
