"""Real network bootstrap programs chained from us: PXELINUX and its modules, GRUB, undionly, Debian's installer."""

import hashlib

import pytest

from bench import nbp
from bench.cache import assembled
from bench.config import IMAGE
from bench.machine import Nic
from bench.payload import kernel, probe_initrd, report_of
from bench.realmode import ENDURANCE, Int13Disk
from bench.terminal import Screenshot

CARDS = ["virtio", "82540em"]
PREFIXES = {"tftp": "tftp://192.0.2.1/", "http": "http://192.0.2.1/"}

MENU = """UI {ui}
MENU TITLE Machines of the lab
LABEL first
  MENU LABEL Local disk
  LOCALBOOT 0
LABEL second
  MENU LABEL The other one
  COM32 {module}
  APPEND {arguments}
"""


def menu(lab, name, ui, module, arguments):
    """A menu whose second entry runs a module."""
    lab.file(f"pxelinux.cfg/{name}", MENU.format(ui=ui, module=module, arguments=arguments))


@pytest.fixture
def disk(lab, tmp_path):
    """The path for sanboot of a disk that boots."""
    iqn = lab.iscsi().add(Int13Disk(tmp_path / "disk.img", mode=ENDURANCE).path)
    return f"iscsi:192.0.2.1:::1:{iqn}"


def chain(lab, boot, program, prefix, config, **options):
    """Chains a program by a script over HTTP that DHCP names, as a site does it."""
    lab.file("boot.ipxe", f"""#!ipxe
set 209:string pxelinux.cfg/{config}
set 210:string {PREFIXES[prefix]}
chain ${{210:string}}{program} || goto bad
echo script-goes-on
exit
:bad
echo script-failed
shell
""")
    lab.web()
    lab.dhcp("--dhcp-userclass=set:ipxe,iPXE", "--dhcp-boot=tag:ipxe,http://192.0.2.1/boot.ipxe",
             "--dhcp-boot=tag:!ipxe,pxelinux.0")
    return boot(**options)


def choose_second(machine):
    machine.wait_for("Machines of the lab", 60, fail="script-")
    machine.wait_for("Press .Tab. to edit options", 20)
    nbp.press(machine, "down", "ret")


@pytest.mark.parametrize("card, prefix", [("virtio", "tftp"), ("82540em", "http"),
                                          ("rtl8139", "tftp")])
def test_menu_boots_a_network_disk(lab, boot, disk, card, prefix):
    """DHCP tells us apart, PXELINUX shows its menu, and gpxecmd.c32 runs our sanboot."""
    nbp.offer_pxelinux(lab, "menu.c32", "gpxecmd.c32")
    menu(lab, "disks", "menu.c32", "gpxecmd.c32", f"sanboot {disk}")
    machine = chain(lab, boot, "pxelinux.0", prefix, "disks", nics=[Nic(card)])
    choose_second(machine)
    machine.program.wait_for("INT13-END", 60, fail="script-")


def test_local_boot_comes_back(lab, boot, tmp_path):
    """LOCALBOOT gives the machine back to the script, whose exit starts the machine's own disk."""
    nbp.offer_pxelinux(lab, "menu.c32")
    menu(lab, "local", "menu.c32", "menu.c32", "")
    own = tmp_path / "own.img"
    own.write_bytes(assembled("memmap.asm").read_bytes().ljust(1 << 20, b"\0"))
    machine = chain(lab, boot, "pxelinux.0", "tftp", "local", disks=[own])
    machine.wait_for("Press .Tab. to edit options", 60, fail="script-")
    nbp.press(machine, "ret")
    machine.wait_for("script-goes-on", 30, fail="script-failed")
    machine.program.wait_for("MEMMAP-BEGIN", 30)


def test_disk_that_gives_up_comes_back_to_the_menu(lab, boot):
    """sanboot overwrites PXELINUX at 0:7C00; when the disk's program ends, PXELINUX is whole again."""
    nbp.offer_pxelinux(lab, "menu.c32", "gpxecmd.c32")
    menu(lab, "gives-up", "menu.c32", "gpxecmd.c32", "sanboot http://192.0.2.1/gives-up.img")
    say = b"".join(bytes([0xB8, letter, 0x0E, 0xCD, 0x10]) for letter in b"sector-ran")
    lab.file("gives-up.img", (say + b"\xCD\x18").ljust(510, b"\0") + b"\x55\xAA" + bytes(1 << 16))
    machine = chain(lab, boot, "pxelinux.0", "http", "gives-up")
    choose_second(machine)
    machine.wait_for("sector-ran", 60)
    machine.wait_for("boot:", 60, fail="script-")
    nbp.press(machine, "ret")
    machine.wait_for("Press .Tab. to edit options", 60, fail="script-")
    nbp.press(machine, "ret")
    machine.wait_for("script-goes-on", 30, fail="script-failed")


@pytest.mark.parametrize("card, module, arguments", [
    ("82540em", "chain.c32", "hd0"), ("virtio", "../memdisk", "initrd=floppy.img")])
def test_disks_from_the_menu(lab, boot, tmp_path, card, module, arguments):
    """chain.c32 starts the machine's own disk; memdisk a floppy from the server."""
    nbp.offer_pxelinux(lab, "menu.c32", "chain.c32", "libmenu.c32")
    own = tmp_path / "own.img"
    own.write_bytes(assembled("memmap.asm").read_bytes().ljust(1474560, b"\0"))
    lab.file("floppy.img", own)
    text = MENU.format(ui="menu.c32", module=module, arguments=arguments)
    if "memdisk" in module:
        text = text.replace("COM32 ../", "LINUX ")
    lab.file("pxelinux.cfg/disks", text)
    machine = chain(lab, boot, "pxelinux.0", "http", "disks", nics=[Nic(card)],
                    disks=[own] if module == "chain.c32" else [])
    choose_second(machine)
    machine.program.wait_for("MEMMAP-BEGIN", 60, fail="script-")


@pytest.mark.parametrize("card, prefix", [("virtio", "tftp"), ("82540em", "http")])
def test_lpxelinux_chains_pxelinux(lab, boot, disk, card, prefix):
    """lpxelinux.0 has a network stack of its own over UNDI: vesamenu.c32, pxechn.c32; then sanboot.c32."""
    nbp.offer_pxelinux(lab, "vesamenu.c32", "pxechn.c32", "sanboot.c32", "menu.c32")
    menu(lab, "one", "vesamenu.c32", "pxechn.c32",
         "http://192.0.2.1/pxelinux.0 -c pxelinux.cfg/two -p http://192.0.2.1/")
    menu(lab, "two", "menu.c32", "sanboot.c32", disk)
    machine = chain(lab, boot, "lpxelinux.0", prefix, "one", nics=[Nic(card)])
    machine.wait_for("PXELINUX", 60, fail="script-")
    machine.wait_until(lambda: Screenshot(machine).height == 480, "the graphical menu")
    nbp.press(machine, "down", "ret")
    choose_second(machine)
    machine.program.wait_for("INT13-END", 60, fail="script-")


@pytest.mark.ours
@pytest.mark.parametrize("card", CARDS)
def test_grub_reads_network_and_disk_at_once(lab, boot, tmp_path, card):
    """GRUB compares, block by block, a file that the PXE API brings with sectors of a hooked disk.

    It takes all memory that there is; our images are intact when it comes back."""
    image = Int13Disk(tmp_path / "disk.img")
    part = image.read(2048, 1000)
    lab.file("part", part)
    lab.file("other", part[:-1] + bytes([part[-1] ^ 1]))
    nbp.offer_grub(lab, "cmp (tftp,192.0.2.1)/part (hd0)2048+1000\n"
                   "cmp (tftp,192.0.2.1)/other (hd0)2048+1000\nexit\n",
                   "tftp", "biosdisk", "cmp", "minicmd")
    lab.file("later.ipxe", "#!ipxe\nsanboot --drive 0x80\n")
    lab.dhcp()
    iqn = lab.iscsi().add(image.path)
    machine = boot(None, f"#!ipxe\ndhcp\nsanhook iscsi:192.0.2.1:::1:{iqn} || goto bad\n"
                   "imgfetch tftp://192.0.2.1/later.ipxe\n"
                   "chain tftp://192.0.2.1/core.0 || chain later.ipxe\n"
                   ":bad\necho script-failed\nshell\n", nics=[Nic(card)])
    machine.wait_for("The files are identical", 60, fail="script-failed|error:")
    machine.wait_for("Files differ at the offset 511999", 60, fail="script-failed|error:")
    machine.program.wait_for("INT13-LOADED", 60, fail="script-failed")


@pytest.mark.ours
def test_undionly(lab, boot):
    """iPXE's undionly.kpxe has no driver of its own, only our UNDI; when it ends, the card is ours again."""
    lab.file("undionly.kpxe", nbp.UNDIONLY)
    lab.file("inner.ipxe", "#!ipxe\necho inner-script ${net0/chip} ${net0/ip}\n"
             "imgfetch http://192.0.2.1/big && echo inner-has-big\nexit\n")
    lab.file("big", bytes(3 << 20))
    lab.web()
    lab.dhcp(boot_file="http://192.0.2.1/inner.ipxe")
    machine = boot(None, "#!ipxe\ndhcp\nchain tftp://192.0.2.1/undionly.kpxe || goto bad\n"
                   "echo script-goes-on\nimgfetch http://192.0.2.1/big && echo outer-has-big\n"
                   ":bad\nshell\n")
    machine.wait_for("inner-script undionly 192.0.2", 60, fail="iPXE>")
    machine.wait_for("inner-has-big", 60, fail="iPXE>")
    machine.wait_for("script-goes-on", 60, fail="iPXE>")
    machine.wait_for("outer-has-big", 60)


LINUX = "console=ttyS0,115200 download=http://192.0.2.1/big"
BY_PXELINUX = f"  LINUX linux\n  INITRD probe.gz\n  APPEND {LINUX}\n"
BY_US = "  COM32 gpxecmd.c32\n  APPEND chain http://192.0.2.1/linux.ipxe\n"


@pytest.mark.parametrize("card, hooked, entry", [
    ("virtio", True, BY_PXELINUX), ("82540em", False, BY_PXELINUX), ("virtio", False, BY_US)],
    ids=["pxelinux-hooked", "pxelinux", "gpxecmd"])
def test_linux_from_pxelinux(lab, boot, tmp_path, card, hooked, entry):
    """Linux's driver has the card, and Linux sees the hooked disk or no trace of us: PXELINUX ends the
    stack and starts it, or has our script start it."""
    nbp.offer_pxelinux(lab, "gpxecmd.c32")
    lab.file("linux", kernel())
    lab.file("probe.gz", probe_initrd())
    lab.file("big", bytes(1 << 20))
    lab.file("linux.ipxe", f"#!ipxe\nkernel linux {LINUX}\ninitrd probe.gz\nboot\n")
    lab.file("pxelinux.cfg/default", f"DEFAULT linux\nLABEL linux\n{entry}")
    blank = tmp_path / "blank.img"
    blank.write_bytes(bytes(16 << 20))
    iqn = lab.iscsi().add(blank)
    lab.web()
    lab.dhcp()
    hook = f"sanhook iscsi:192.0.2.1:::1:{iqn}\n" if hooked else ""
    machine = boot(None, f"#!ipxe\ndhcp\n{hook}set 210:string http://192.0.2.1/\n"
                   "chain http://192.0.2.1/pxelinux.0\necho script-goes-on\nshell\n",
                   nics=[Nic(card)])
    report = report_of(machine)
    assert list(report.downloads().values()) == [hashlib.sha256(bytes(1 << 20)).hexdigest()]
    assert ("int13_dev80" in report.edd_drives()) == hooked
    assert report.ibft("target0/target-name") == (iqn if hooked else None)


@pytest.mark.parametrize("prefix", ["tftp", "http"])
def test_our_image_from_pxelinux_from_us(lab, boot, prefix):
    """PXELINUX looks for its files where it came from, not where DHCP points to."""
    nbp.offer_pxelinux(lab, folder="menus/")
    lab.file("menus/ipxe.krn", IMAGE)
    lab.file("menus/inner.ipxe", "#!ipxe\ndhcp\necho inner-script ${net0/ip}\nshell\n")
    lab.file("menus/pxelinux.cfg/default", "DEFAULT again\nLABEL again\n  KERNEL ipxe.krn\n"
             "  INITRD inner.ipxe\n")
    lab.web()
    lab.dhcp("--dhcp-boot=other/pxelinux.0,elsewhere,192.0.2.9")
    machine = boot(None, f"#!ipxe\ndhcp\nchain {PREFIXES[prefix]}menus/pxelinux.0\n"
                   "echo script-failed\nshell\n")
    machine.wait_for("inner-script 192.0.2", 90, fail="script-")


@pytest.mark.deadline(300)
def test_debian_installer(lab, boot):
    """Debian's netboot tree as it is: its own PXELINUX, its graphical menu, then its first question."""
    nbp.offer_installer(lab)
    nginx = lab.web()
    lab.dhcp()
    machine = boot(None, "#!ipxe\ndhcp\nset 210:string http://192.0.2.1/\n"
                   "chain http://192.0.2.1/pxelinux.0 || echo script-failed\nshell\n", memory="512")
    machine.wait_until(lambda: any("splash.png" in line for line in nginx.requests()),
                       "the menu's picture")
    nbp.press(machine, "esc")
    machine.wait_for("boot:", 30, fail="script-failed")
    nbp.type_slowly(machine, "install console=ttyS0")
    # With little memory its first question is about that; it comes a minute sooner.
    machine.wait_for("Entering low memory mode", 200, fail="Kernel panic")
