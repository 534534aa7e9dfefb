"""Kernels that say what their loader gave them: test/payload/flat.c in its many coats."""

import re
import subprocess

from .cache import cached, digest
from .config import PAYLOAD

SOURCES = [PAYLOAD / name for name in ("flat.c", "flat_start.asm", "flat.ld", "bz_setup.asm")]
PLAIN, MULTIBOOT, ADDRESSES, MULTIBOOT2, UNKNOWN_TAG, UNKNOWN_FLAG, MOVABLE, INNER = range(8)


def _run(*argv):
    subprocess.run([str(arg) for arg in argv], check=True)


def _link(work, header, base):
    program, start = work / "flat.o", work / "start.o"
    elf = work / "flat.elf"
    _run("gcc", "-m32", "-Os", "-ffreestanding", "-fno-pic", "-fno-stack-protector",
         "-fno-asynchronous-unwind-tables", "-Wall", "-Wextra", "-Werror", "-c", "-o", program,
         PAYLOAD / "flat.c")
    _run("nasm", "-f", "elf32", f"-DHEADER={header}", "-o", start, PAYLOAD / "flat_start.asm")
    _run("ld", "-m", "elf_i386", "-n", "-T", PAYLOAD / "flat.ld", f"--defsym=BASE={base:#x}",
         "-o", elf, start, program)
    return elf


def _binary(elf, work):
    flat = work / "flat.bin"
    _run("objcopy", "-O", "binary", "-j", ".text", elf, flat)
    return flat.read_bytes()


def flat(header, base=0x200000):
    """The program as ELF file, or, with ADDRESSES, as bytes that only its header explains."""

    def build(made, work):
        elf = _link(work, header, base)
        made.write_bytes(_binary(elf, work) if header == ADDRESSES else elf.read_bytes())

    return cached(f"flat-{header}-{base:x}-{digest(*SOURCES, __file__)}", build)


def linux(version, low=False):
    """The program as a Linux kernel of this boot protocol; low: as zImage."""

    def build(made, work):
        # .bss goes along: nobody clears it for a kernel.
        inner = _binary(_link(work, INNER, 0x10000 if low else 0x100000), work) + bytes(16384)
        inner = inner.ljust(-(-len(inner) // 16) * 16, b"\0")
        setup = work / "setup.bin"
        _run("nasm", "-f", "bin", f"-DVERSION={version:#x}", f"-DLOW={int(low)}",
             f"-DPARAGRAPHS={len(inner) // 16}", "-o", setup, PAYLOAD / "bz_setup.asm")
        made.write_bytes(setup.read_bytes() + inner)

    return cached(f"linux-{version:x}-{low:d}-{digest(*SOURCES, __file__)}", build)


def rotating_sum(data):
    """Rotate left by one and add each byte."""
    total = 0
    for byte in data:
        total = ((total << 1 | total >> 31) + byte) & 0xFFFFFFFF
    return total


class Said:
    """One report of the program: its lines as (first word, fields)."""

    def __init__(self, text):
        self.lines = []
        for line in text.splitlines():
            fields = {name: value[1:-1] if value.startswith("[") else int(value, 16)
                      for name, value in re.findall(r"(\w+)=(\[.*?\]|[0-9a-f]+)", line)}
            self.lines.append((line.split(" ")[0], fields))

    def all(self, word):
        """The fields of all lines that begin with a word."""
        return [fields for first, fields in self.lines if first == word]

    def one(self, word):
        """The fields of all lines that begin with a word, together."""
        return {name: value for fields in self.all(word) for name, value in fields.items()}


def wait_report(machine, timeout=60):
    """The program's next report."""
    begin = machine.program.wait_for("BEGIN", timeout)
    end = machine.program.wait_for("END", timeout)
    return Said(machine.program.text[begin.start():end.start()])
