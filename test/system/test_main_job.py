"""The main job: a real Debian whose root is on an iSCSI target.

The firmware logs in and starts GRUB from the LUN; GRUB reads kernel and initrd
by INT 13h; Debian's initramfs finds the iBFT, logs in again by itself, and
mounts the root. The guest reports its iBFT, which is compared with what was
configured and with what the firmware said about it.
"""

import re
from dataclasses import dataclass

import pytest

from bench import debian
from bench.machine import Nic
from bench.payload import Report

INITIATOR = "iqn.2010-04.org.example:guest"
MAC = "52:54:00:12:34:56"
CHAP = ("alice", "secret-of-alice1")
MUTUAL = ("target", "secret-of-target")
NO_BOOT = "Could not open SAN device|No bootable device|Boot from SAN device 0x80 failed"


@dataclass
class Case:
    """One combination; the dimensions are paired, not multiplied."""

    name: str
    card: str = "virtio"
    chap: tuple = None
    mutual: tuple = None
    static: bool = False
    lun: int = 1
    machine: str = "pc"


CASES = [
    Case("virtio-dhcp-lun1"),
    Case("e1000-static-chap-lun5", card="82540em", chap=CHAP, static=True, lun=5),
    Case("virtio-static-mutual", chap=CHAP, mutual=MUTUAL, static=True),
    Case("e1000-dhcp-mutual-lun2", card="82545em", chap=CHAP, mutual=MUTUAL, lun=2),
    Case("82574-q35-dhcp-chap", card="82574", chap=CHAP, machine="q35"),
    Case("virtio-modern-q35-static", card="virtio-modern", static=True, machine="q35", lun=3),
]


@pytest.fixture
def disk(tmp_path):
    """A private copy of the Debian disk."""
    path = debian.copy_disk(debian.debian_disk(), tmp_path / "debian.img")
    yield path
    path.unlink(missing_ok=True)


def commands(case):
    """The firmware's script for a case, without the shebang line."""
    lines = [f"set initiator-iqn {INITIATOR}"]
    if case.static:
        lines += ["set net0/ip 192.0.2.50", "set net0/netmask 255.255.255.0",
                  "set net0/gateway 192.0.2.1", "set net0/dns 192.0.2.1", "ifopen net0"]
    else:
        lines += ["dhcp"]
    if case.chap:
        lines += [f"set username {case.chap[0]}", f"set password {case.chap[1]}"]
    if case.mutual:
        lines += [f"set reverse-username {case.mutual[0]}",
                  f"set reverse-password {case.mutual[1]}"]
    return lines


def debian_report(machine):
    """Follows a Debian boot to its end and returns the guest's report."""
    machine.wait_for("GRUB-RUNS", 90, fail=NO_BOOT)
    machine.wait_for("GRUB-KERNEL-READ", 90, fail="error: ")
    machine.wait_for("GRUB-INITRD-READ", 90, fail="error: ")
    begin = machine.wait_for("PROBE-BEGIN", 240, fail="Kernel panic|Gave up waiting|\\(initramfs\\)")
    machine.wait_for("MARKER root-is-iscsi", 120, fail="Kernel panic")
    machine.wait_end(60)
    return Report(machine.serial.text[begin.start() :])


def check_ibft(report, case):
    """The kernel's view of the iBFT against what was configured."""
    assert report.ibft("initiator/initiator-name") == INITIATOR
    assert report.ibft("initiator/flags") == "3"
    assert report.ibft("target0/target-name") == f"iqn.2004-01.com.example:{case.name}"
    assert report.ibft("target0/ip-addr") == "192.0.2.1"
    assert report.ibft("target0/port") == "3260"
    assert report.ibft("target0/flags") == "3"
    assert report.ibft("target0/nic-assoc") == "0"
    # Linux prints the eight LUN bytes one by one, without leading zeros.
    assert report.ibft("target0/lun") == f"0{case.lun:x}000000"
    assert report.ibft("ethernet0/mac") == MAC
    assert report.ibft("ethernet0/subnet-mask") == "255.255.255.0"
    assert report.ibft("ethernet0/flags") == "3"
    if case.static:
        assert report.ibft("ethernet0/ip-addr") == "192.0.2.50"
        assert report.ibft("ethernet0/origin") == "1"
    else:
        assert re.fullmatch(r"192\.0\.2\.1\d\d", report.ibft("ethernet0/ip-addr"))
        assert report.ibft("ethernet0/origin") == "3"
        assert report.ibft("ethernet0/dhcp") == "192.0.2.1"
    if case.chap:
        assert report.ibft("target0/chap-name") == case.chap[0]
        assert report.ibft("target0/chap-secret") == case.chap[1]
        assert report.ibft("target0/chap-type") == ("2" if case.mutual else "1")
    else:
        assert report.ibft("target0/chap-type") in (None, "0")
    if case.mutual:
        assert report.ibft("target0/rev-chap-name") == case.mutual[0]
        assert report.ibft("target0/rev-chap-name-secret") == case.mutual[1]


def check_firmware_words(said, report):
    """What the firmware's `ibft` printed must name what the kernel found."""
    flat = re.sub(r"\s+", "", said)
    for field in ("initiator/initiator-name", "target0/target-name", "target0/ip-addr",
                  "ethernet0/ip-addr", "ethernet0/mac"):
        assert report.ibft(field) in flat, f"{field} is not in the firmware's words"


@pytest.mark.deadline(420)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_debian_root_on_iscsi(lab, boot, disk, case):
    target = lab.iscsi()
    iqn = target.add(disk, lun=case.lun, name=case.name, chap=case.chap, mutual=case.mutual)
    if not case.static:
        lab.dhcp()
    script = commands(case)
    uri = f"iscsi:192.0.2.1:::{case.lun:x}:{iqn}"
    script += [f"sanhook {uri}", "ibft || echo no-ibft-command", "echo IBFT-END",
               f"sanunhook && sanboot {uri}", "shell"]
    machine = boot(None, "#!ipxe\n" + "\n".join(script) + "\n", memory="512",
                   nics=[Nic(case.card)], machine=case.machine)
    machine.wait_for("Registered SAN device 0x80", 90, fail=NO_BOOT)
    start = machine.serial.position
    machine.wait_for("IBFT-END\n", 30)
    said = machine.serial.text[start : machine.serial.position]
    machine.wait_for("Booting from SAN device 0x80", 60)
    report = debian_report(machine)
    check_ibft(report, case)
    if "no-ibft-command" not in said:
        check_firmware_words(said, report)
    assert report.files["transport"] == "iscsi"
    assert report.files["write"] == "ok"
    # The guest's writes are in the file that the target serves.
    assert b"written by the guest" in disk.read_bytes()


@pytest.mark.ours
@pytest.mark.deadline(420)
def test_settings_from_the_command_line(lab, boot, disk):
    """No script at all: the command line names the target and boots it."""
    case = Case("cmdline")
    iqn = lab.iscsi().add(disk, name=case.name)
    lab.dhcp()
    machine = boot(f"initiator-iqn={INITIATOR} dhcp && sanboot iscsi:192.0.2.1:::1:{iqn}",
                   memory="512")
    check_ibft(debian_report(machine), case)


@pytest.mark.deadline(420)
def test_autoboot_from_root_path(lab, boot, disk):
    """No script: DHCP's root path names the disk."""
    iqn = lab.iscsi().add(disk, name="autoboot")
    lab.dhcp(f"--dhcp-option=17,iscsi:192.0.2.1:::1:{iqn}")
    machine = boot(None, None, memory="512")
    report = debian_report(machine)
    assert report.ibft("target0/target-name") == iqn
