"""CDs that boot by emulating a floppy or a hard disk: what INT 13h then says, drive by drive."""

import re

import pytest

from bench import media
from bench.cache import assembled
from bench.media import FLOPPIES, eltorito_iso

pytestmark = pytest.mark.ours

KINDS = ["1.2", "1.44", "2.88", "disk"]
MEDIA = {"1.2": "01", "1.44": "02", "2.88": "03", "disk": "04"}
FLOPPY_TYPES = {"1.2": "02", "1.44": "04", "2.88": "06"}


@pytest.fixture
def local_disk(tmp_path):
    """The machine's own disk."""
    path = tmp_path / "local.img"
    path.write_bytes(b"LOCALDSK".ljust(4 << 20, b"\0"))
    return path


def check_floppy(kind, run):
    track = FLOPPIES[kind][0]
    assert f"drive=00 cx=4f{track:02x} bl={FLOPPY_TYPES[kind]} dx=0101 table=01" in run
    assert f"OWN S{3 * track:07d} WRITE cf=1 ah=03" in run
    assert f"STATUS cf=0 ah=00 media={MEDIA[kind]} emulates=00 chs={track:02x}4f01" in run
    assert "CD  cf=0 ah=00 CD001" in run
    before, after = re.findall("DRIVES (.*)", run)
    assert re.search(r"80:LOCALDSK 81:failed disks=01 equipment=01", before)
    assert after == "00:failed 80:LOCALDSK 81:failed disks=01 equipment=00"


def check_disk(run):
    cx, dx = (int(v, 16) for v in re.search(r"drive=80 cx=(\w+) bl=00 dx=(\w+) table=00",
                                            run).groups())
    track, heads = cx & 63, (dx >> 8) + 1
    assert dx & 255 == 2
    assert f"OWN S{(heads + 1) * track:07d} WRITE cf=1 ah=03" in run
    assert f"STATUS cf=0 ah=00 media=04 emulates=80 chs={cx & 255:02x}{cx >> 8:02x}" in run
    assert "CD  cf=0 ah=00 CD001" in run
    before, after = re.findall("DRIVES (.*)", run)
    assert re.search(r"00:failed 80:\S+ 81:LOCALDSK disks=02 equipment=00", before)
    assert after == "00:failed 80:LOCALDSK 81:failed disks=01 equipment=00"


def check_runs(machine, kinds):
    for _ in kinds:
        machine.program.wait_for("ELTORITO-END", 60, fail="all-gave-up")
    machine.wait_for("all-gave-up", 20)
    runs = machine.program.text.split("ELTORITO drive=")[1:]
    assert len(runs) == len(kinds)
    for kind, run in zip(kinds, runs):
        run = "drive=" + run.replace("\r", "")
        assert "ELTORITO-END" in run
        if kind == "disk":
            check_disk(run)
        else:
            check_floppy(kind, run)
    assert machine.serial.text.count("the disk is read-only") == len(kinds)


def test_syslinux_floppy(lab, boot, tmp_path):
    """A real boot floppy: SYSLINUX and this same image, on FAT12, as an image on a CD."""
    folder = tmp_path / "floppy"
    work = tmp_path / "work"
    folder.mkdir()
    work.mkdir()
    stick = media.syslinux_stick(work, "echo from-the-floppy && shell", kb=1440)
    image = stick.rename(folder / "boot.img")
    lab.web()
    lab.dhcp()
    url = lab.file("floppy.iso", media.emulating_iso(image))
    machine = boot(None, f"#!ipxe\ndhcp\nsanboot {url} || echo script-goes-on\nshell\n")
    machine.wait_for("1.44 MB floppy disk", 60, fail="script-goes-on")
    machine.wait_for("from-the-floppy", 90, fail="script-goes-on")


def boot_each(boot, addresses, local_disk):
    script = " || ".join(f"sanboot {address}" for address in addresses)
    return boot(None, f"#!ipxe\ndhcp\n{script} || echo all-gave-up\nshell\n", disks=[local_disk])


def test_every_emulation_over_http(lab, boot, tmp_path, local_disk):
    lab.web()
    lab.dhcp()
    program = assembled("eltorito.asm").read_bytes()
    addresses = [lab.file(f"{kind}.iso", eltorito_iso(tmp_path, kind, program)) for kind in KINDS]
    check_runs(boot_each(boot, addresses, local_disk), KINDS)


@pytest.mark.parametrize("cd", [False, True], ids=["disk", "cd"])
def test_emulation_from_a_lun(lab, boot, tmp_path, local_disk, cd):
    """The ISO written to a LUN, and as the medium of a CD drive (sectors of 2048 bytes)."""
    server = lab.iscsi()
    lab.dhcp()
    program = assembled("eltorito.asm").read_bytes()
    kinds = ["1.44", "disk"]
    addresses = [
        "--drive 0xe0 iscsi:192.0.2.1:::1:" + server.add(
            eltorito_iso(tmp_path, kind, program), name=kind, readonly=not cd, cd=cd)
        for kind in kinds
    ]
    check_runs(boot_each(boot, addresses, local_disk), kinds)
