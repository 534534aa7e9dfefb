"""Leaving: local disks, exit-method, boot sectors that give up."""

import pytest

from bench import media
from bench.machine import Config, Machine
from bench.reporting import (END, INT19, RETURN, Disk, boot_sector, entry, gpt, reports,
                             table_sector)

pytestmark = pytest.mark.ours


@pytest.fixture
def disks(tmp_path):
    """An empty disk, one with all kinds of partitions, one as UEFI has them."""
    empty = Disk(tmp_path / "empty.img")
    table = entry(64, 64) + entry(1024, 2048, 0x0F)
    full = Disk(tmp_path / "full.img").put(0, boot_sector("disk1", table=table))
    full.put(64, boot_sector("part1", RETURN))
    full.put(1024, table_sector(entry(8, 16) + entry(512, 64, 0x05)))
    full.put(1536, table_sector(entry(8, 16)))
    full.put(1544, boot_sector("part6", INT19))
    uefi = gpt(Disk(tmp_path / "uefi.img"), 2, 2048, 64).put(2048, boot_sector("gpt2"))
    return [empty.path, full.path, uefi.path]


def test_local_disks(lab, boot, disks, tmp_path):
    """Every boot sector comes back, and the script goes on; in the end one is entered for good."""
    floppy = Disk(tmp_path / "floppy.img", 1440).put(0, boot_sector("floppy"))
    commands = ["localboot", "localboot -p 1", "localboot --partition 1 0x81", "localboot -p 6 hd1",
                "localboot -p 2 0x82", "localboot 0x82", "localboot 0x80", "localboot fd0",
                "sanboot --drive 0x81", "localboot -p 7 hd1", "localboot hd9"]
    script = ["#!ipxe", "localboot --list"]
    for number, command in enumerate(commands):
        script += [f"{command} || echo result-{number}"]
    machine = boot("exit-method=disk", "\n".join(script) + "\n", disks=disks, nics=[],
                   redirect=False, extra=["-drive", f"if=floppy,format=raw,file={floppy.path}"])
    machine.wait_for(r"0x00 .*floppy disk", 60)
    machine.wait_for(r"0x81 +4096 KiB +ATA +hard disk", 10)
    machine.program.wait_for("(BOOT[^$]*){6}", 60)
    machine.wait_for("result-10", 60)
    said = machine.serial.text.replace("\n", "").split("result-")
    for part, sentence in zip(said, [
        "0x80: drive 0x80 is not bootable: its first sector does not end in 55 AA",
        "drive 0x80 has no partition table",
        "the boot sector of drive 0x81 returned",
        "asked for a restart of the boot",
        "gave control back by INT 18h: it found nothing to boot",
        "drive 0x82 is not bootable by a BIOS: there is no code in its first sector",
        "drive 0x80 is not bootable",
        "the boot sector of drive 0x00 gave control back",
        "Boot from SAN device 0x81 failed: Operation canceled",
        "drive 0x81 has no partition 7",
        "cannot read sector 0 of drive 0x89",
    ]):
        assert sentence in part
    machine.program.wait_for("BOOT.*base=027f if=01", 60)
    seen = reports(machine.program.text)
    assert [report["tag"] for report in seen] == [
        "disk1", "part1", "part6", "gpt2", "floppy", "disk1", "disk1"]
    assert [report["dl"] for report in seen] == ["81", "81", "81", "82", "00", "81", "81"]
    assert [report["lba"] for report in seen[1:4]] == ["00000040", "00000608", "00000800"]
    assert {report["if"] for report in seen} == {"01"}
    # What was entered for good sees a machine that we never touched.
    assert seen[0]["base"] != "027f"
    assert seen[-1]["base"] == "027f"


def test_local_disk_beside_a_san_drive(lab, boot, tmp_path):
    local = Disk(tmp_path / "local.img").put(0, boot_sector("local"))
    san = Disk(tmp_path / "san.img").put(0, boot_sector("san", END))
    iqn = lab.iscsi().add(san.path)
    lab.dhcp()
    machine = boot(None, "#!ipxe\ndhcp\nsanhook iscsi:192.0.2.1:::1:" + iqn + "\n"
                   "localboot || echo came-back\nlocalboot 0x80\n", disks=[local.path])
    machine.wait_for("Booting from drive 0x81", 60)
    machine.wait_for("came-back", 30)
    machine.wait_for("4096 KiB, SAN drive", 10)
    machine.program.wait_for("tag=san.*if=01", 60)
    assert [(r["tag"], r["dl"]) for r in reports(machine.program.text)] == [
        ("local", "81"), ("san", "80")]


def test_stick_with_a_local_disk(lab, tmp_path):
    """The stick that we came from is the BIOS' first disk, and not the one that localboot takes."""
    local = Disk(tmp_path / "local.img").put(0, boot_sector("local"))
    stick = media.syslinux_stick(tmp_path, files={
        "autoexec.ipxe": b"#!ipxe\nlocalboot || localboot --list\nshell\n"})
    machine = Machine(lab, Config(usb=stick, disks=[local.path], nics=[]))
    machine.program.wait_for("BOOT tag=local dl=81", 120)
    machine.wait_for("0x80 .*this firmware's own medium", 30)


def test_no_local_disk(boot):
    machine = boot("on-fail=local", "#!ipxe\nlocalboot || explain\ngoto nowhere\n", nics=[],
                   redirect=False)
    machine.wait_for("Disks that the BIOS offers: none", 60)
    machine.wait_for("(?s)no local hard disk.*add the hard disk to its boot order", 10)
    machine.wait_for("going on with the BIOS' boot order", 30)


@pytest.mark.parametrize("method, said", [
    ("int18", r"No bootable device"),
    ("int19", r"script-runs.*script-runs"),
    ("reset", r"script-runs.*SeaBIOS.*script-runs"),
    ("halt", r"Stopped \(exit-method\)"),
    ("poweroff", None),
    ("explode", "exit-method=explode is not known.*No bootable device"),
])
def test_exit_method(boot, method, said):
    machine = boot(f"exit-method={method}", "#!ipxe\necho script-runs\n", nics=[])
    if said:
        machine.wait_for("(?s)" + said, 60)
    else:
        machine.wait_end(60)
        assert machine.exit_code() == 0


@pytest.mark.parametrize("chipset", ["pc", "q35"])
@pytest.mark.parametrize("command", ["poweroff", "reboot", "reboot --warm"])
def test_commands(boot, chipset, command):
    """The machine ends, and what was printed last got out."""
    machine = boot(None, f"#!ipxe\necho last-words\n{command}\necho too-far\nshell\n", nics=[],
                   machine=chipset, extra=["-no-reboot"])
    machine.wait_for("last-words\n", 60, fail="too-far")
    machine.wait_end(60)
    assert machine.exit_code() == 0
