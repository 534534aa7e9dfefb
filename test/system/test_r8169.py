"""Realtek's gigabit family: cards of the model in test/r8169, which checks its drivers."""

import hashlib

import pytest

from bench import r8169
from bench.config import REBOOTS, is_classic_image
from bench.machine import Nic
from bench.payload import kernel, probe_initrd, reboot_initrd, report_of
from bench.servers import SERVER

pytestmark = pytest.mark.skipif(r8169.missing() is not None, reason=str(r8169.missing()))

# One of each generation: what its own Linux driver does differently.
GENERATIONS = ("8169sc", "8101e", "8168b", "8168d", "8168evl", "8168h", "8125b")
# The model drives the interrupt lines that the BIOS chose: Linux must not choose others.
BIOS_IRQS = "acpi=noirq noapic"
DATA = bytes(range(251)) * 16700  # 4 MB
SUM = hashlib.sha256(DATA).hexdigest()
ANY_STATE = ("armed+d3+phy-off+phy-page+oob+gated+10mbit+wol+unlocked+irq+vlan+loopback",
             "armed+phy-off+phy-page+oob+gated+wol+unlocked+irq+vlan+loopback",
             "armed+10mbit+oob+irq+vlan", "only-10+gated")


def cards(chips, left=("",)):
    return [Nic(chip, mac=f"52:54:00:81:69:{n:02x}", left=left[n % len(left)])
            for n, chip in enumerate(chips)]


def offer(lab):
    lab.file("data.bin", DATA)
    lab.web()
    lab.dhcp()


def use_each(nics):
    """Script lines: every card gets an address and downloads, then is closed."""
    check = "" if is_classic_image() else f"--sha256 {SUM} "
    lines = []
    for n in range(len(nics)):
        lines += [f"dhcp net{n} && imgfetch --name data {check}http://{SERVER}/data.bin && "
                  f"echo used ${{net{n}/mac}} ${{net{n}/ip}} || echo failed ${{net{n}/mac}}",
                  "imgfree data ||", f"ifclose net{n}"]
    return "\n".join(lines) + "\n"


def await_each(machine, nics):
    used = {}
    for _ in nics:
        said = machine.wait_for(r"(used|failed) ([0-9a-f:]{17})([\d. ]*)\n", 60)
        assert said.group(1) == "used", f"{said.group(2)} failed"
        used[said.group(2)] = said.group(3).strip()
    assert sorted(used) == sorted(nic.mac for nic in nics)
    assert len(set(used.values())) == len(nics)


def chips():
    """Debian's iPXE does not know the 8125."""
    return [chip for chip in r8169.CHIPS if not (is_classic_image() and chip.startswith("8125"))]


@pytest.mark.deadline(240)
@pytest.mark.parametrize("left", [pytest.param(("",), id="clean"),
                                  pytest.param(ANY_STATE, id="any-state",
                                               marks=pytest.mark.ours)])
def test_every_chip(lab, boot, left):
    offer(lab)
    nics = cards(chips(), left)
    machine = boot(None, "#!ipxe\n" + use_each(nics) + "shell\n", nics=nics)
    await_each(machine, nics)
    if not is_classic_image():
        assert machine.mistakes() == []


@pytest.mark.deadline(240)
@pytest.mark.ours
def test_linux_takes_over(lab, boot):
    """Its own driver finds the cards as ours left them, and works."""
    offer(lab)
    lab.file("linux", kernel())
    lab.file("probe.gz", probe_initrd())
    nics = cards(GENERATIONS) + [Nic("rtl8139", mac="52:54:00:81:39:00")]
    base = f"http://{SERVER}"
    machine = boot(None, "#!ipxe\n" + use_each(nics) + "dhcp net0\n"
                   f"kernel {base}/linux console=ttyS0,115200 {BIOS_IRQS} download={base}/data.bin\n"
                   f"initrd {base}/probe.gz\nboot\n", memory="384", nics=nics)
    await_each(machine, nics)
    report = report_of(machine, timeout=120)
    assert report.downloads() == {nic.mac: SUM for nic in nics}
    assert machine.mistakes() == []


@pytest.mark.deadline(240)
@pytest.mark.ours
def test_warm_reboots(lab, boot):
    """What its own driver leaves behind; a reboot resets the card, but not its PHY."""
    offer(lab)
    lab.file("linux", kernel())
    lab.file("reboot.gz", reboot_initrd())
    base = f"http://{SERVER}"
    machine = boot(None, f"#!ipxe\ndhcp || goto failed\n"
                   f"kernel {base}/linux console=ttyS0 quiet no_timer_check ping {BIOS_IRQS}\n"
                   f"initrd {base}/reboot.gz\nboot\n:failed\necho it-failed\nshell\n",
                   nics=cards(["8168h"]))
    for _ in range(REBOOTS or 2):
        said = machine.wait_for("LINUX-HAS-THE-CARD .*\n", 60, fail="it-failed|Kernel panic")
        assert "PING-ANSWERED" in said.group(0)
    machine.wait_for("Configuring .* ok", 60, fail="it-failed")
    assert machine.mistakes() == []
