"""Network bootstrap programs of Debian's packages, as a boot server offers them."""

import re
import subprocess
from pathlib import Path

PXELINUX = Path("/usr/lib/PXELINUX")
SYSLINUX = Path("/usr/lib/syslinux")
UNDIONLY = Path("/usr/lib/ipxe/undionly.kpxe")
INSTALLER = Path("/usr/lib/debian-installer/images")


def offer_pxelinux(lab, *modules, folder=""):
    """pxelinux.0, lpxelinux.0, memdisk and modules such as menu.c32 in a folder of the server."""
    for program in ("pxelinux.0", "lpxelinux.0"):
        lab.file(folder + program, PXELINUX / program)
    lab.file(folder + "memdisk", SYSLINUX / "memdisk")
    for module in ("ldlinux.c32", "libcom32.c32", "libutil.c32", *modules):
        lab.file(folder + module, SYSLINUX / "modules" / "bios" / module)


def offer_grub(lab, commands, *modules):
    """GRUB as core.0, with modules built in; commands are what it does."""
    early = lab.run_dir / "early.cfg"
    early.write_text(commands)
    core = lab.run_dir / "core.0"
    subprocess.run(["grub-mkimage", "-O", "i386-pc-pxe", "-c", early, "-o", core, "-p", "/grub",
                    "pxe", *modules], check=True)
    lab.file("core.0", core)


def offer_installer(lab):
    """The tree of Debian's netboot installer (text)."""
    for path in next(INSTALLER.glob("*/amd64/text")).iterdir():
        lab.file(path.name, path)


def press(machine, *keys):
    """Presses keys of the machine's own keyboard, by QEMU's names (`down`, `ret`)."""
    for name in keys:
        machine.hmp(f"sendkey {name}")


def type_slowly(machine, line):
    """Types on the serial line what a BIOS brings to its keyboard buffer of 15 keys: in pieces, each
    when the one before is shown. The BIOS may repeat a character that it shows."""
    for at in range(0, len(line), 8):
        piece = line[at : at + 8]
        machine.send(piece)
        machine.wait_for("(?s)" + ".{0,2}".join(map(re.escape, piece)), 20)
    machine.send("\r")
