"""Disk calls: a real-mode program on the LUN reads and writes through INT 13h."""

import hashlib
import os
import re

import pytest

from bench.cache import assembled
from bench.config import is_classic_image
from bench.machine import Config, Machine, Nic
from bench.realmode import BIG_REAL, END_INT18, ENDURANCE, Int13Disk, lines

CARDS = ["virtio", "82540em"]
INVALID, WRITE_PROTECTED = "01", "03"


def san_boot(lab, boot, disk, nics=None, **target):
    """Boots the program from an iSCSI disk."""
    iqn = lab.iscsi().add(disk.path, **target)
    lab.dhcp()
    machine = boot(None, f"#!ipxe\ndhcp\nsanboot iscsi:192.0.2.1:::1:{iqn}\nshell\n",
                   nics=nics or [Nic()])
    machine.program.wait_for("INT13-LOADED", 120, fail="Boot from SAN device 0x80 failed")
    return machine


def field(text, word):
    """The one line that begins with a word."""
    found = lines(text, word)
    assert len(found) == 1, f"{len(found)} lines {word}"
    return found[0]


def check_integrity(text, disk):
    # Debian's iPXE returns with interrupts off; we give the caller's flag back.
    forgiven = {"f"} if is_classic_image() else set()
    assert not set(re.findall(r"REGISTERS-LOST=(.)", text)) - forgiven
    assert "GUARD-OVERWRITTEN" not in text
    wanted = f"{disk.region_sum():08x}"
    reads = lines(text, "READ fn=")
    assert len(reads) > 50
    for read in reads:
        assert read["cf"] == "0", read["line"]
        assert read["sum"] == wanted, read["line"]
    writes = lines(text, "WRITE fn=")
    assert len(writes) == 9
    for write in writes:
        assert write["cf"] == "0", write["line"]
        lba, count = int(write["lba"], 16), int(write["n"], 16)
        assert disk.read(lba, count) == disk.pattern(lba, count), write["line"]
        # The rest of the slot was left alone.
        assert disk.read(lba + count, 256 - count) == bytes((256 - count) * 512)
    total = field(text, "FN48")
    assert int(total["total"], 16) == disk.sectors
    assert total["bytes"] == "0200"
    assert field(text, "FN41")["bx"] == "aa55"
    assert int(field(text, "FN41")["cx"], 16) & 1
    assert field(text, "FN15")["ah"] == "03"
    assert int(field(text, "FN08")["drives"], 16) >= 1
    for word in ("READ-PAST-END", "READ-ACROSS-END", "WRITE-PAST-END", "READ-FAR-PAST-END",
                 "NO-SUCH-FUNCTION"):
        assert field(text, word)["cf"] == "1", word
    assert field(text, "NO-SUCH-FUNCTION")["ah"] == INVALID
    assert field(text, "READ-LAST")["cf"] == "0"
    assert field(text, "RESET")["cf"] == "0"


@pytest.mark.parametrize("card", CARDS)
def test_integrity(lab, boot, tmp_path, card):
    disk = Int13Disk(tmp_path / "disk.img")
    machine = san_boot(lab, boot, disk, nics=[Nic(card)])
    machine.program.wait_for("INT13-END", 120)
    check_integrity(machine.program.text, disk)


@pytest.mark.ours
def test_verify_status_and_odd_calls(lab, boot, tmp_path):
    disk = Int13Disk(tmp_path / "disk.img")
    machine = san_boot(lab, boot, disk)
    machine.program.wait_for("INT13-END", 120)
    text = machine.program.text
    assert field(text, "VERIFY")["cf"] == "0"
    assert field(text, "SEEK")["cf"] == "0"
    assert field(text, "CHS-SECTOR-ZERO")["cf"] == "1"
    # AH=01h repeats the status of the call before.
    assert field(text, "STATUS")["ah"] == field(text, "READ-PAST-END")["ah"]


def test_same_program_on_a_bios_disk(lab, tmp_path):
    """The program itself is right: SeaBIOS's own disk passes it."""
    disk = Int13Disk(tmp_path / "disk.img")
    machine = Machine(lab, Config(disks=[disk.path], nics=[]))
    machine.program.wait_for("INT13-END", 120)
    check_integrity(machine.program.text, disk)


@pytest.mark.ours
def test_second_local_disk_is_still_there(lab, boot, tmp_path):
    """The SAN disk is 0x80; the local disk moves up, and the count says two."""
    disk = Int13Disk(tmp_path / "disk.img")
    local = tmp_path / "local.img"
    local.write_bytes(bytes(4 << 20))
    iqn = lab.iscsi().add(disk.path)
    lab.dhcp()
    machine = boot(None, f"#!ipxe\ndhcp\nsanboot iscsi:192.0.2.1:::1:{iqn}\nshell\n",
                   disks=[local])
    machine.program.wait_for("DRIVE 80", 120)
    machine.program.wait_for("drives=02", 30)
    machine.program.wait_for("INT13-END", 120)


@pytest.mark.ours
def test_read_only_lun(lab, boot, tmp_path):
    disk = Int13Disk(tmp_path / "disk.img")
    before = disk.read(0, disk.sectors)
    machine = san_boot(lab, boot, disk, readonly=True)
    machine.program.wait_for("INT13-END", 120)
    for write in lines(machine.program.text, "WRITE fn="):
        assert (write["cf"], write["ah"]) == ("1", WRITE_PROTECTED), write["line"]
    assert disk.read(0, disk.sectors) == before


@pytest.mark.ours
def test_big_real_mode_survives(lab, boot, tmp_path):
    disk = Int13Disk(tmp_path / "disk.img", mode=BIG_REAL, pause=30)
    machine = san_boot(lab, boot, disk)
    machine.program.wait_for("BIG-REAL-KEPT", 60, fail="BIG-REAL-LOST")


def test_script_goes_on_after_a_failing_boot_sector(lab, boot, tmp_path):
    disk = Int13Disk(tmp_path / "disk.img", mode=ENDURANCE, ending=END_INT18)
    iqn = lab.iscsi().add(disk.path)
    lab.dhcp()
    machine = boot(None, "#!ipxe\ndhcp\n"
                   f"sanboot iscsi:192.0.2.1:::1:{iqn} || echo script-goes-on\nshell\n")
    machine.program.wait_for("INT13-END", 120)
    machine.wait_for("Boot from SAN device 0x80 failed", 30)
    machine.wait_for("script-goes-on", 30)


@pytest.mark.ours
def test_a_boot_sector_takes_all_memory_and_comes_back(lab, boot, tmp_path):
    """The loader's script, one over HTTP, and an image are as before: they were hidden from it."""
    hungry = tmp_path / "hungry.img"
    hungry.write_bytes(assembled("hungry.asm").read_bytes().ljust(1 << 20, b"\0"))
    iqn = lab.iscsi().add(hungry)
    lab.web()
    lab.dhcp()
    lab.file("inner.ipxe", f"#!ipxe\nsanboot iscsi:192.0.2.1:::1:{iqn} || echo inner-goes-on\n")
    content = os.urandom(1 << 20)
    lab.file("image", content)
    machine = boot(None, "#!ipxe\ndhcp\nimgfetch http://192.0.2.1/image\n"
                   "chain http://192.0.2.1/inner.ipxe\necho outer-goes-on\n"
                   "sha256sum image\nshell\n", memory="48")
    machine.program.wait_for("HUNGRY-FED", 90)
    machine.wait_for("inner-goes-on", 30)
    machine.wait_for("outer-goes-on", 30)
    machine.wait_for(hashlib.sha256(content).hexdigest(), 30)
