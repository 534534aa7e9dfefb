"""Boot media: what a user makes to start the firmware from a loader of his own."""

import shutil
import struct
import subprocess
from pathlib import Path

from .config import IMAGE

SYSLINUX = Path("/usr/lib/syslinux/modules/bios")
PROMPT = "SERIAL 0 115200\nDEFAULT fw\nPROMPT 0\nTIMEOUT 1\nLABEL fw\n  KERNEL {kernel}\n"


def _run(*argv, **options):
    subprocess.run([str(arg) for arg in argv], check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.PIPE, **options)


def syslinux_config(kernel, append=None, script=None):
    """A configuration for any of the SYSLINUX family."""
    text = PROMPT.format(kernel=kernel)
    if script is not None:
        text += "  INITRD script.ipxe\n"
    if append:
        text += f"  APPEND {append}\n"
    return text


def _put(tree, files):
    for name, content in (files or {}).items():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_bytes(content)


def isolinux_iso(folder, append=None, script=None, files=None):
    """A hybrid ISO with ISOLINUX, and with files: {name: content}."""
    tree = folder / "isolinux-tree"
    tree.mkdir()
    _put(tree, files)
    shutil.copy("/usr/lib/ISOLINUX/isolinux.bin", tree)
    shutil.copy(SYSLINUX / "ldlinux.c32", tree)
    shutil.copy(IMAGE, tree / "ipxe.krn")
    (tree / "isolinux.cfg").write_text(syslinux_config("ipxe.krn", append, script))
    if script is not None:
        (tree / "script.ipxe").write_text(script)
    iso = folder / "isolinux.iso"
    _run("xorriso", "-as", "mkisofs", "-quiet", "-o", iso, "-b", "isolinux.bin", "-c", "boot.cat",
         "-no-emul-boot", "-boot-load-size", "4", "-boot-info-table",
         "-isohybrid-mbr", "/usr/lib/ISOLINUX/isohdpfx.bin", tree)
    return iso


def fat_copy(image, files, offset=0):
    """Copies files, {name: content}, into the FAT file system in an image."""
    drive = f"{image}@@{offset}"
    folders = {parent for name in files for parent in Path(name).parents if parent.name}
    for folder in sorted(folders):
        _run("mmd", "-i", drive, f"::{folder}")
    for name, content in files.items():
        _run("mcopy", "-i", drive, "-", f"::{name}", input=content)


def syslinux_stick(folder, append=None, script=None, files=None, kb=16 << 10):
    """A FAT file system with SYSLINUX, as on a stick without partitions, or on a floppy disk."""
    image = folder / "stick.img"
    with open(image, "wb") as out:
        out.truncate(kb << 10)
    _run("mkfs.fat", "-n", "STICK", image)
    config = folder / "syslinux.cfg"
    config.write_text(syslinux_config("ipxe.krn", append, script))
    loader = {"ipxe.krn": IMAGE, "syslinux.cfg": config, "ldlinux.c32": SYSLINUX / "ldlinux.c32"}
    if script is not None:
        path = folder / "script.ipxe"
        path.write_text(script)
        loader["script.ipxe"] = path
    for name, path in loader.items():
        _run("mcopy", "-i", image, path, f"::{name}")
    fat_copy(image, files or {})
    _run("syslinux", "--install", image)
    return image


def pxelinux_tree(root, append=None, script=None):
    """PXELINUX in a TFTP root; returns the boot file's name."""
    shutil.copy("/usr/lib/PXELINUX/pxelinux.0", root)
    shutil.copy(SYSLINUX / "ldlinux.c32", root)
    shutil.copy(IMAGE, root / "ipxe.krn")
    (root / "pxelinux.cfg").mkdir()
    (root / "pxelinux.cfg" / "default").write_text(syslinux_config("ipxe.krn", append, script))
    if script is not None:
        (root / "script.ipxe").write_text(script)
    return "pxelinux.0"


def grub_iso(folder, command="linux16", append=None, script=None, efi=False):
    """An ISO on which GRUB starts the image by `linux` or `linux16`."""
    tree = folder / "grub-tree"
    (tree / "boot" / "grub").mkdir(parents=True)
    shutil.copy(IMAGE, tree / "ipxe.krn")
    lines = []
    if not efi:
        lines += ["serial --unit=0", "terminal_output console"]
    lines.append(f"{command} /ipxe.krn {append or ''}".rstrip())
    if script is not None:
        (tree / "script.ipxe").write_text(script)
        lines.append(f"initrd{command[5:]} /script.ipxe")
    lines.append("boot")
    (tree / "boot" / "grub" / "grub.cfg").write_text("\n".join(lines) + "\n")
    iso = folder / "grub.iso"
    if efi:
        _grub_efi(folder, tree, iso)
    else:
        _grub_bios(folder, tree, iso)
    return iso


def _grub_bios(folder, tree, iso):
    eltorito = tree / "boot" / "grub" / "eltorito.img"
    _run("grub-mkimage", "-O", "i386-pc-eltorito", "-o", eltorito, "-p", "/boot/grub",
         "biosdisk", "iso9660", "normal", "linux", "linux16", "serial", "boot", "echo")
    _run("xorriso", "-as", "mkisofs", "-quiet", "-R", "-o", iso, "-b", "boot/grub/eltorito.img",
         "-no-emul-boot", "-boot-load-size", "4", "-boot-info-table", tree)


def _grub_efi(folder, tree, iso):
    early = folder / "early.cfg"
    early.write_text("search --file --set=root /ipxe.krn\nset prefix=($root)/boot/grub\n")
    program = folder / "bootx64.efi"
    _run("grub-mkimage", "-O", "x86_64-efi", "-c", early, "-o", program, "-p", "/boot/grub",
         "iso9660", "normal", "linux", "boot", "echo", "part_msdos", "fat", "search",
         "search_fs_file", "serial")
    esp = tree / "esp.img"
    with open(esp, "wb") as out:
        out.truncate(4 << 20)
    _run("mkfs.fat", esp)
    _run("mmd", "-i", esp, "::EFI", "::EFI/BOOT")
    _run("mcopy", "-i", esp, program, "::EFI/BOOT/BOOTX64.EFI")
    _run("xorriso", "-as", "mkisofs", "-quiet", "-R", "-o", iso, "-e", "esp.img",
         "-no-emul-boot", tree)


def probe_cd(folder, kernel, initrd):
    """A CD that boots the probe by ISOLINUX: the local medium after `exit`."""
    tree = folder / "probe-tree"
    tree.mkdir()
    shutil.copy("/usr/lib/ISOLINUX/isolinux.bin", tree)
    shutil.copy(SYSLINUX / "ldlinux.c32", tree)
    shutil.copy(kernel, tree / "linux")
    shutil.copy(initrd, tree / "initrd.gz")
    (tree / "isolinux.cfg").write_text(
        "SERIAL 0 115200\nDEFAULT probe\nPROMPT 0\nLABEL probe\n  KERNEL linux\n"
        "  INITRD initrd.gz\n  APPEND console=ttyS0,115200 from=cd\n"
    )
    iso = folder / "probe.iso"
    _run("xorriso", "-as", "mkisofs", "-quiet", "-o", iso, "-b", "isolinux.bin", "-c", "boot.cat",
         "-no-emul-boot", "-boot-load-size", "4", "-boot-info-table", tree)
    return iso


FLOPPIES = {"1.2": (15, 1200 << 10), "1.44": (18, 1440 << 10), "2.88": (36, 2880 << 10)}


def eltorito_iso(folder, kind, program):
    """An ISO that boots by emulating a floppy disk ("1.44" MB) or a hard disk ("disk").

    The image begins with the program; each further sector begins with eight
    characters: "S" and its number.
    """
    size = FLOPPIES[kind][1] if kind in FLOPPIES else 4 << 20
    image = bytearray(program)
    for number in range(len(image) // 512, size // 512):
        image += b"S%07d" % number + bytes(504)
    tree = folder / f"eltorito-{kind}"
    tree.mkdir()
    path = tree / "boot.img"
    emulation = []
    if kind not in FLOPPIES:
        # One partition, from 0/1/1 to 7/15/63.
        image[446:462] = struct.pack("<8B2I", 0x80, 1, 1, 0, 6, 15, 63, 7, 63, 8064 - 63)
        emulation = ["-hard-disk-boot"]
    path.write_bytes(image)
    return emulating_iso(path, *emulation)


def emulating_iso(image, *options):
    """An ISO that boots by emulating the disk in an image file, alone in its folder."""
    iso = image.parent.parent / f"{image.parent.name}.iso"
    _run("xorriso", "-as", "mkisofs", "-quiet", "-o", iso, "-b", image.name, "-c", "boot.cat",
         *options, image.parent)
    return iso
