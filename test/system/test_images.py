"""What else people boot: Multiboot, ELF, old kernels, memdisk, Xen, ourselves; and what is refused."""

import gzip
import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

from bench import flat
from bench.cache import assembled
from bench.config import IMAGE, PAYLOAD
from bench.flat import rotating_sum, wait_report
from bench.nbp import INSTALLER
from bench.payload import dom0_initrd, kernel, kexec_initrd
from bench.servers import SERVER
from bench.terminal import Terminal

MEMDISK = Path("/usr/lib/syslinux/memdisk")
BASE = f"http://{SERVER}"
MODULE = bytes(range(256)) * 50 + b"odd"


@pytest.mark.ours
def test_flat_programs(lab, boot):
    """Multiboot 1 and 2, with addresses and moved, plain ELF, gzip of them: all come back to the
    script, which goes on with the next; what makes no sense is refused."""
    files = {
        "mb1": flat.flat(flat.MULTIBOOT), "mb2": flat.flat(flat.MULTIBOOT2),
        "kludge": flat.flat(flat.ADDRESSES), "elf": flat.flat(flat.PLAIN),
        "tag": flat.flat(flat.UNKNOWN_TAG), "flag": flat.flat(flat.UNKNOWN_FLAG),
        "moved": flat.flat(flat.MOVABLE), "bios": flat.flat(flat.PLAIN, 0x9f000),
        "far": flat.flat(flat.PLAIN, 0x70000000),
    }
    for name, path in files.items():
        lab.file(name, path)
    lab.file("packed.gz", gzip.compress(files["mb1"].read_bytes()))
    lab.file("script.gz", gzip.compress(b"#!ipxe\necho from-the-archive ${cwuri}\n"))
    lab.file("cut.gz", gzip.compress(files["mb1"].read_bytes())[:-9])
    lab.file("module.bin", MODULE)
    lab.file("disk.img", bytes(1 << 20))
    lab.file("module.gz", gzip.compress(MODULE, mtime=0))
    lab.web()
    lab.dhcp()
    fetches = "".join(f"kernel -q {BASE}/{name}\n" for name in
                      [*files, "packed.gz", "script.gz", "cut.gz"])
    machine = boot("console=ttyS0", f"""#!ipxe
dhcp
{fetches}module -q {BASE}/module.bin some words
module -q {BASE}/module.gz
imgstat
boot --dry-run mb1 planned && echo dry-done
boot mb1 return one two  || echo back-1 ${{error}}
boot kludge return       || echo back-2 ${{error}}
boot mb2 return          || echo back-3 ${{error}}
boot elf                 || echo back-4 ${{error}}
boot packed.gz return    || echo back-5 ${{error}}
boot moved               || echo back-6 ${{error}}
set keep-san 1
sanhook {BASE}/disk.img
boot mb1 return          || echo back-8 ${{error}}
sanunhook
imgfetch -q {BASE}/disk.img && echo fetched-after-all
imgfree disk.img
boot script.gz           && echo back-7
imgmem -n low 0x10000 0x70000
imgmem -n high 0x1000000 0x100000
md5sum -s before low
md5sum -s before-high high
imgfree low high
boot cut.gz              || echo no-1 ${{error}}
boot tag                 || echo no-2 ${{error}}
boot flag                || echo no-3 ${{error}}
boot bios                || echo no-4 ${{error}}
boot far                 || echo no-5 ${{error}}
boot module.gz           || echo no-6 ${{error}}
imgmem -n low 0x10000 0x70000
imgmem -n high 0x1000000 0x100000
md5sum -s after low
md5sum -s after-high high
iseq ${{before}}${{before-high}} ${{after}}${{after-high}} && echo memory-is-whole
imgfree low high
imgstat module.bin
boot mb1 last
""", redirect=False)
    # COM2 first: a program waits when nobody reads what it says.
    said = wait_report(machine)
    machine.wait_for(r"module.bin : 12803 bytes \[INITRD\] \"some words\"", 60)
    machine.wait_for(r"kernel mb1 \[multiboot\], entry at 0x200", 30)
    at = machine.wait_for(r"module module.bin at 0x(\w+), 12803 bytes, arguments: some words", 30)
    machine.wait_for("command line: planned\n.*dry-done", 30)
    assert said.one("BEGIN") == {"eax": 0x2BADB002, "whole": 1}
    info = said.one("multiboot")
    assert (info["cmdline"], info["loader"]) == ("mb1 return one two", "ipxe.lkrn")
    assert info["lower"] in range(600, 641) and info["upper"] in range(250 << 10, 256 << 10)
    assert info["flags"] == 0x26D and info["map"] >= 5 and info["sections"] >= 3
    modules = said.all("module")
    packed = gzip.compress(MODULE, mtime=0)
    assert [m["string"] for m in modules] == ["module.bin some words", "module.gz"]
    assert [m["size"] for m in modules] == [len(MODULE), len(packed)]
    assert [m["sum"] for m in modules] == [rotating_sum(MODULE), rotating_sum(packed)]
    assert all(m["start"] % 4096 == 0 for m in modules)
    assert modules[0]["start"] == int(at.group(1), 16)

    said = wait_report(machine)
    assert said.one("BEGIN")["whole"] and said.one("multiboot")["cmdline"] == "kludge return"
    said = wait_report(machine)
    assert said.one("BEGIN") == {"eax": 0x36D76289, "whole": 1}
    assert said.one("multiboot2")["aligned"]
    tags = said.one("tag")
    assert tags["cmdline"] == "mb2 return" and tags["loader"] == "ipxe.lkrn"
    assert tags["rsdp"] == 1 and tags["map"] >= 5 and tags["upper"] == info["upper"]
    assert [m["sum"] for m in said.all("module")] == [rotating_sum(MODULE), rotating_sum(packed)]
    assert wait_report(machine).one("BEGIN")["whole"]
    assert wait_report(machine).one("multiboot")["cmdline"] == "packed.gz return"
    machine.program.wait_for("03000000", 30)
    kept = wait_report(machine).one("multiboot")  # the drive's memory is not the program's
    assert kept["upper"] < info["upper"] and kept["map"] > info["map"]
    last = wait_report(machine)
    machine.wait_for("back-1 mb1: the program returned", 30)
    machine.wait_for("back-6 moved: the program returned", 60)
    machine.wait_for("\nback-8 mb1: the program returned", 30)
    machine.wait_for("\nfetched-after-all", 30)
    machine.wait_for(f"from-the-archive {BASE}/script.gz", 30)
    machine.wait_for("back-7", 30)
    machine.wait_for("no-1 cut.gz: .*damaged or cut|no-1 cut.gz: .*the file is cut", 30)
    machine.wait_for("no-2 tag: .*unknown compulsory tag 99", 30)
    machine.wait_for("no-3 flag: .*demands something unknown .*0x80", 30)
    machine.wait_for("no-4 bios: .*0x9f000 .*not free", 30)
    machine.wait_for("no-5 far: .*0x70000000 .*not free", 30)
    machine.wait_for("no-6 module.gz: the archive holds neither", 30)
    machine.wait_for("\nmemory-is-whole", 30)
    machine.wait_for(r"module.bin : 12803 bytes \[INITRD\]", 30)
    assert last.one("multiboot")["cmdline"] == "mb1 last"
    machine.wait_end()


@pytest.mark.ours
@pytest.mark.parametrize("version, low", [(0, True), (0x200, True), (0x201, False), (0x207, False)],
                         ids=["zimage-ancient", "zimage-200", "bzimage-201", "bzimage-207"])
def test_linux_protocols(lab, boot, version, low):
    """Command line and named files reach a kernel of any protocol; what is no initrd does not."""
    bcd, wim = bytes(range(200)), b"W" * 5001
    for name, content in [("kernel", flat.linux(version, low)), ("BCD", bcd), ("boot.wim", wim),
                          ("kernel2", flat.linux(0x207)), ("back.png", b"\x89PNG\r\n\x1a\n" * 9),
                          ("other.ipxe", "#!ipxe\n")]:
        lab.file(name, content)
    lab.web()
    lab.dhcp()
    initrds = "" if version == 0 else (f"initrd -n bcd {BASE}/BCD bcd\n"
                                       f"initrd {BASE}/boot.wim sources/boot.wim\n")
    machine = boot("console=ttyS0", f"""#!ipxe
dhcp
imgfetch {BASE}/back.png
imgfetch {BASE}/other.ipxe
kernel {BASE}/kernel2
{initrds}kernel {BASE}/kernel one initrd=bcd vga=ask mem=64M "two three"
boot --dry-run
boot
""", redirect=False)
    said = wait_report(machine)
    assert said.one("BEGIN") == {"eax": 0x2E6B7A62, "whole": 1}
    kernel = said.one("linux")
    assert kernel["version"] == version if version else kernel["version"] != 0x200
    assert kernel["setup"] == (0x10000 if version >= 0x202 else 0x90000)
    assert kernel["here"] >> 16 == (1 if low else 0x10)
    assert kernel["cmdline"] == 'one initrd=bcd vga=ask mem=64M "two three"'
    assert kernel["video"] == 0xFFFD
    expected = [("bcd", bcd), ("sources/boot.wim", wim)] if version else []
    assert [(m["name"], m["size"], m["sum"]) for m in said.all("member")] == [
        (name, len(data), rotating_sum(data)) for name, data in expected]
    assert not said.all("rest")
    machine.wait_for(rf"kernel kernel \[{'z' if low else 'bz'}Image.*\] at "
                     f"{kernel['here'] & 0xFFFF0000:#x}", 10)
    machine.wait_end()


def iso(folder):
    """A CD whose boot sector reads the CD's own description."""
    tree = folder / "tree"
    tree.mkdir()
    (tree / "boot.bin").write_bytes(assembled("sector.asm", "-DCD").read_bytes())
    subprocess.run(["xorriso", "-as", "mkisofs", "-quiet", "-o", folder / "x.iso", "-b", "boot.bin",
                    "-no-emul-boot", "-boot-load-size", "4", tree], check=True,
                   stderr=subprocess.DEVNULL)
    return folder / "x.iso"


@pytest.mark.parametrize("kind, drive, text", [("floppy", 0x00, "DISKS"),
                                               ("harddisk raw", 0x80, "DISKS"),
                                               ("iso raw", 0xE0, "CD001")])
def test_memdisk(lab, boot, tmp_path, kind, drive, text):
    """memdisk with its disk as initrd, plain or as gzip."""
    size = 1440 << 10 if kind == "floppy" else 4 << 20
    disk = assembled("sector.asm").read_bytes().ljust(size, b"\0")
    if kind == "floppy":
        disk = gzip.compress(disk)
    lab.file("memdisk", MEMDISK)
    lab.file("disk", iso(tmp_path) if kind == "iso raw" else disk)
    lab.web()
    lab.dhcp()
    machine = boot(None, f"#!ipxe\ndhcp\nkernel {BASE}/memdisk {kind}\ninitrd {BASE}/disk\nboot\n")
    said = wait_report(machine)
    assert said.one("BEGIN") == {"drive": drive, "text": text}
    machine.wait_end()


@pytest.mark.ours
def test_ourselves(lab, boot):
    """Our image, started by our image, with a command line and a script of its own."""
    lab.file("ipxe.lkrn", IMAGE)
    lab.file("inner.ipxe", "#!ipxe\necho inner-script ${word} ${net0/mac}\ndhcp && imgfetch "
             f"{BASE}/inner.ipxe && echo inner-fetched\nshell\n")
    lab.web()
    lab.dhcp()
    machine = boot(None, f"#!ipxe\ndhcp\nkernel {BASE}/ipxe.lkrn word=seeded\n"
                   f"initrd {BASE}/inner.ipxe\nboot\n")
    machine.wait_for("inner-script seeded 52:54:00:12:34:56", 90)
    machine.wait_for("inner-fetched", 60)


@pytest.mark.ours
def test_kexec(lab, boot):
    """Linux starts our image by kexec: the 32-bit entry, in a machine that Linux has used."""
    lab.file("linux", kernel())
    lab.file("kexec.gz", kexec_initrd())
    lab.file("ipxe.lkrn", IMAGE)
    lab.file("inner.ipxe", "#!ipxe\necho after-${word} ${net0/mac}\ndhcp && imgfetch "
             f"{BASE}/inner.ipxe && echo inner-fetched\nshell\n")
    lab.web()
    lab.dhcp()
    machine = boot(None, f"#!ipxe\ndhcp\nkernel {BASE}/linux console=ttyS0,115200\n"
                   f"initrd {BASE}/kexec.gz\ninitrd {BASE}/ipxe.lkrn /ipxe.lkrn\n"
                   f"initrd {BASE}/inner.ipxe /inner.ipxe\nboot\n", memory="384")
    machine.wait_for("KEXEC-BEGIN", 120, fail="Kernel panic")
    machine.wait_for("after-kexec 52:54:00:12:34:56", 90, fail="KEXEC-FAILED")
    machine.wait_for("inner-fetched", 60)


@pytest.mark.ours
@pytest.mark.deadline(240)
def test_xen(lab, boot):
    """Xen by Multiboot, packed as Debian has it, with a Linux as dom0."""
    lab.file("xen.gz", next(Path("/boot").glob("xen-*-amd64.gz")))
    lab.file("vmlinuz", kernel())
    lab.file("initrd", dom0_initrd())
    lab.web()
    lab.dhcp()
    machine = boot(None, f"#!ipxe\ndhcp\n"
                   f"kernel {BASE}/xen.gz com1=115200,8n1 console=com1 dom0_mem=256M\n"
                   f"module {BASE}/vmlinuz console=hvc0 word=kept\n"
                   f"module {BASE}/initrd\nboot\n", memory="640")
    machine.wait_for("Xen version 4", 90)
    machine.wait_for("DOM0 hypervisor=xen cmdline=console=hvc0 word=kept", 200,
                     fail="Panic on CPU|Kernel panic|DOM0 crashed")


def test_memtest(lab, boot):
    images = sorted(Path("/boot").glob("m*t86*64*"))
    lab.file("memtest.bin", next(path for path in images if path.suffix != ".efi"))
    lab.web()
    lab.dhcp()
    machine = boot(None, f"#!ipxe\ndhcp\nkernel {BASE}/memtest.bin console=ttyS0,115200 nosmp\nboot\n",
                   memory="64")
    terminal = Terminal(machine)
    terminal.wait_row(r"Memtest86\+ v", 90)
    terminal.wait_row(r"Test #\d", 60)


@pytest.mark.deadline(300)
def test_debian_installer(lab, boot):
    """The kernel and initrd of Debian's network installer, to its first question."""
    folder = next(INSTALLER.glob("*/amd64/text/debian-installer/amd64"))
    lab.file("linux", folder / "linux")
    lab.file("initrd.gz", folder / "initrd.gz")
    lab.web()
    lab.dhcp()
    machine = boot(None, f"#!ipxe\ndhcp\nkernel {BASE}/linux console=ttyS0,115200 --- quiet\n"
                   f"initrd {BASE}/initrd.gz\nboot\n", memory="512")
    # With little memory its first question is about that; it comes a minute sooner.
    machine.wait_for("Entering low memory mode", 200, fail="Kernel panic")


@pytest.mark.ours
def test_memory_is_filled_before_it_is_refused(lab, boot):
    """Bodies of unknown length: one that takes more than half of the memory arrives, an endless one
    is refused when memory is full; with a known size it is refused at once."""
    lab.net.start("stream", sys.executable, PAYLOAD / "http_stream.py", SERVER, "8080")
    with open(lab.root / "huge", "wb") as huge:
        huge.truncate(3 << 30)
    lab.web()
    lab.dhcp()
    digest = hashlib.sha256(bytes(range(256)) * 4096 * 30).hexdigest()
    machine = boot("console=ttyS0", f"""#!ipxe
dhcp
imgfetch --sha256 {digest} http://{SERVER}:8080/30 && echo whole-one
imgfree 30
imgfetch http://{SERVER}:8080/endless || echo endless ${{error}}
imgfetch {BASE}/huge || echo huge ${{error}}
imgfetch tftp://{SERVER}/huge || echo by-tftp ${{error}}
imgfetch --sha256 {digest} http://{SERVER}:8080/30 && echo again-whole
shell
""", memory="64", redirect=False)
    machine.wait_for("\nwhole-one", 90)
    machine.wait_for(r"\nendless .*more than [345]\d\.\d MB, which fill the largest free block", 60)
    machine.wait_for(r"\nhuge .*needs 3221\.3 MB", 30)
    machine.wait_for(r"\nby-tftp .*needs 3221\.3 MB", 30)
    machine.wait_for("\nagain-whole", 90)
