"""Every card that QEMU has: addresses, downloads, unplugged cables, warm reboots."""

import os

import pytest

from bench import r8169
from bench.config import REBOOTS
from bench.lab import SERVER
from bench.machine import PCI_NICS, Nic, qemu_has
from bench.payload import kernel, reboot_initrd
from bench.qtest import PciFunction

pytestmark = pytest.mark.ours

MB = 1 << 20
CARDS = ["82544gc", "82540em", "82545em", "82574", "82576", "rtl8139", "virtio"]
SAYS = {"virtio": "MTU 1500", "rtl8139": "100 Mbit/s full duplex"}

DOWNLOAD = f"""#!ipxe
dhcp || goto failed
imgfetch http://{SERVER}/data || goto failed
ifstat
echo all-done
shell
:failed
echo it-failed
shell
"""


def need(card):
    """Skips the test when this QEMU has no such card."""
    if card in r8169.CHIPS:
        if r8169.missing():
            pytest.skip(r8169.missing())
    elif not qemu_has(PCI_NICS[card]):
        pytest.skip(f"this QEMU has no {PCI_NICS[card]}")


@pytest.fixture
def data(lab):
    """16 MB of noise, on offer as /data."""
    noise = os.urandom(16 * MB)
    lab.file("data", noise)
    return noise


def check(machine, data):
    """The download is in memory, whole and in order."""
    machine.wait_for("all-done", 100, fail="it-failed")
    assert data in machine.memory(MB, 127 * MB)


@pytest.mark.parametrize("card", [*CARDS, "8168h"])
def test_cable_is_unplugged(lab, boot, data, card):
    """Before dhcp, while it asks, and in the middle of a download."""
    need(card)
    lab.web("limit_rate 5m;")
    machine = boot(None, DOWNLOAD.replace("dhcp", "echo waiting\nprompt\ndhcp", 1),
                   memory="128", nics=[Nic(card)])
    machine.wait_for("waiting", 60)
    machine.link(False)
    machine.send(" ")
    machine.wait_for("Waiting for link-up on net0", 60)
    machine.link(True)
    machine.wait_for("Configuring", 60, fail="it-failed")
    machine.link(False)
    lab.dhcp()
    machine.link(True)
    machine.wait_for("ok", 60, fail="it-failed")
    machine.wait_for("http://.* [1-9][0-9]?%", 60, fail="it-failed")
    machine.link(False)
    machine.serial.poll(1)
    machine.link(True)
    check(machine, data)
    assert "[Link:up" in machine.serial.text and "RXE:0]" in machine.serial.text


@pytest.mark.parametrize("card", ["rtl8139", "8168h"])
def test_cable_comes_late(lab, boot, card):
    """The machine starts without: dhcp waits, and nothing is taken for a deaf card."""
    need(card)
    lab.dhcp()
    machine = boot(None, "#!ipxe\ndhcp\nifstat\nshell\n", nics=[Nic(card, cable=False)])
    machine.wait_for("Waiting for link-up on net0", 60)
    machine.link(True)
    machine.wait_for(r"Configuring .* ok(.*\n)*.*\[Link:up", 60, fail="failed")
    assert "bringing the card up again" not in machine.serial.text


class Intel:
    """The registers of an Intel card, at 00:05.0."""

    CTRL, MDIC, IMS, RCTL, TCTL, WUC = 0x0, 0x20, 0xD0, 0x100, 0x400, 0x5800
    RDBAL, RDLEN, RDT, RXDCTL = 0x2800, 0x2808, 0x2818, 0x2828
    TDBAL, TDLEN, TXDCTL = 0x3800, 0x3808, 0x3828
    RING = 0x20000

    def __init__(self, machine):
        self.pci = PciFunction(machine.qtest, 5)
        self.qtest = machine.qtest

    def write(self, register, value):
        """Writes a register."""
        self.qtest.write32(self.pci.bar(0) + register, value)

    def phy(self, register, value):
        """Writes a register of the PHY."""
        self.write(self.MDIC, 1 << 26 | 1 << 21 | register << 16 | value)

    def leave_dirty(self):
        """Armed, wake-up on, speed forced, PHY powered down and told to offer 10 Mbit/s, D3."""
        self.pci.enable_dma()
        self.write(self.CTRL, 0x1841)
        self.phy(4, 0x0021)
        self.phy(9, 0)
        self.phy(0, 0x0800)
        self.write(self.RDBAL, self.RING)
        self.write(self.RDLEN, 128)
        self.write(self.RXDCTL, 1 << 25)
        self.write(self.TDBAL, self.RING)
        self.write(self.TDLEN, 128)
        self.write(self.TXDCTL, 1 << 25)
        self.write(self.RCTL, 0x8002)
        self.write(self.TCTL, 0x2)
        self.write(self.RDT, 7)
        self.write(self.IMS, 0xFFFFFFFF)
        self.write(self.WUC, 3)
        self.pci.sleep()


def leave_virtio_dirty(machine):
    """Rings set up in memory that is ours by now, and the device told to go (legacy registers)."""
    pci = PciFunction(machine.qtest, 5)
    pci.enable_dma()
    base = pci.bar(0)
    machine.qtest.out(base + 18, 3, 8)
    machine.qtest.out(base + 4, 0)
    for queue in range(2):
        machine.qtest.out(base + 14, queue, 16)
        machine.qtest.out(base + 8, 0x20)
    machine.qtest.out(base + 18, 7, 8)
    pci.sleep()


class Realtek:
    """The ports of an RTL8139C+, at 00:05.0."""

    TNPDS, CR, IMR, RCR, CR9346, BMCR, CPCR, RDSAR = 0x20, 0x37, 0x3C, 0x44, 0x50, 0x62, 0xE0, 0xE4
    RING = 0x20000

    def __init__(self, machine):
        self.pci = PciFunction(machine.qtest, 5)
        self.qtest = machine.qtest

    def write(self, register, value, size):
        """Writes a register."""
        self.qtest.out(self.pci.bar(0) + register, value, size)

    def leave_dirty(self):
        """Armed in both of its modes, VLAN tags stripped, interrupts on, PHY powered down."""
        self.pci.enable_dma()
        self.write(self.CR9346, 0xC0, 8)
        self.write(self.CPCR, 0x43, 16)
        self.write(self.TNPDS, self.RING, 32)
        self.write(self.RDSAR, self.RING, 32)
        self.write(self.CR, 0x0C, 8)
        self.write(self.RCR, 0xE70F, 32)
        self.write(self.BMCR, 0x0800, 16)
        self.write(self.IMR, 0xFFFF, 16)
        self.pci.sleep()


@pytest.mark.parametrize("card", ["82540em", "82574", "82576", "rtl8139", "virtio"])
def test_left_in_any_state(lab, boot, data, card):
    """Somebody had the card and left it as it was."""
    need(card)
    lab.web()
    lab.dhcp()
    machine = boot(None, DOWNLOAD.replace("dhcp", "echo waiting\nprompt\ndhcp", 1), memory="128",
                   nics=[Nic(card, addr="5")], qtest=True)
    machine.wait_for("waiting", 60)
    if card == "virtio":
        leave_virtio_dirty(machine)
    elif card == "rtl8139":
        Realtek(machine).leave_dirty()
    else:
        Intel(machine).leave_dirty()
    machine.send(" ")
    check(machine, data)
    assert SAYS.get(card, "1000 Mbit/s full duplex") in machine.serial.text


@pytest.mark.parametrize("card", ["82540em", "82574", "82576", "rtl8139"])
def test_deaf_card(lab, boot, data, card):
    """It sends and hears nothing: brought up again, once."""
    need(card)
    lab.web()
    machine = boot(None, DOWNLOAD, memory="128", nics=[Nic(card, addr="5")], qtest=True)
    machine.wait_for("Configuring", 60, fail="it-failed")
    if card == "rtl8139":
        Realtek(machine).write(Realtek.RCR, 0, 32)
    else:
        Intel(machine).write(Intel.RCTL, 0)
    lab.dhcp()
    machine.wait_for("net0: nothing received while DHCP asks; bringing the card up again", 60,
                     fail="it-failed")
    check(machine, data)
    assert machine.serial.text.count("bringing the card up again") == 1


# What differs between virtio devices, paired: each property meets each kind of machine, not each
# other property. PLACE: extra devices, and the card's own bus.
BRIDGES = {
    "root-port": (["-device", "pcie-root-port,id=rp,chassis=1"], "bus=rp"),
    "bridge": (["-device", "pci-bridge,id=br,chassis_nr=1"], "bus=br"),
    "two-bridges": (["-device", "pcie-pci-bridge,id=b0",
                     "-device", "pci-bridge,id=br,bus=b0,chassis_nr=1,addr=1"], "bus=br,addr=2"),
    # A huge BAR fills the hole below 4 GB: the BIOS puts every 64-bit BAR above.
    "above-4g": (["-device", "pcie-root-port,id=rp,chassis=1",
                  "-device", "pci-testdev,membar=4G"], "bus=rp"),
    "": ([], ""),
}
MATRIX = [
    # machine, place, properties, what ifstat says
    ("pc", "", "disable-modern=on,rx_queue_size=1024,mrg_rxbuf=off", "legacy"),
    ("pc", "", "disable-modern=on,rx_queue_size=512,event_idx=off,guest_tso4=off", "legacy"),
    ("pc", "", "rx_queue_size=256,packed=on,status=off", "modern"),
    ("pc", "bridge", "disable-legacy=on,modern-pio-notify=on,mrg_rxbuf=off", "modern"),
    ("q35", "", "disable-modern=on,mq=on,csum=off,guest_csum=off", "legacy"),
    ("q35", "root-port", "packed=on,rx_queue_size=1024,mq=on", "ring 512"),
    ("q35", "root-port", "iommu_platform=on,disable-legacy=on,host_mtu=1400", "MTU 1400"),
    ("q35", "two-bridges", "disable-legacy=on,host_tso4=off,gso=off", "modern"),
    ("q35", "above-4g", "disable-legacy=on,rx_queue_size=512", "modern"),
]


@pytest.mark.parametrize("machine_type, place, props, said", MATRIX,
                         ids=[f"{m}-{p or 'root'}-{x.split(',')[0]}" for m, p, x, _ in MATRIX])
def test_virtio(lab, boot, data, machine_type, place, props, said):
    lab.dhcp()
    lab.web()
    extra, bus = BRIDGES[place]
    nic = Nic("virtio", props=",".join(part for part in (bus, props) if part),
              queues=4 if "mq=on" in props else 1)
    machine = boot(None, DOWNLOAD, memory="128", machine=machine_type, nics=[nic], before=extra)
    check(machine, data)
    assert said in machine.serial.text


@pytest.mark.deadline(420)
@pytest.mark.parametrize("card, times", [("82574", 20), ("82540em", 2), ("82576", 2),
                                         ("rtl8139", 2), ("virtio", 2)])
def test_warm_reboots(lab, boot, card, times):
    """Linux takes the card over, and leaves it as it is when it reboots."""
    need(card)
    lab.file("linux", kernel())
    lab.file("reboot.gz", reboot_initrd())
    lab.web()
    lab.dhcp()

    def offer(word):
        lab.file("boot.ipxe", f"#!ipxe\nkernel linux console=ttyS0 quiet no_timer_check {word}\n"
                              "initrd reboot.gz\nboot\n")

    offer("ping")
    machine = boot(None, "#!ipxe\ndhcp || goto failed\n"
                         f"chain http://{SERVER}/boot.ipxe\n:failed\necho it-failed\nshell\n",
                   memory="256", nics=[Nic(card)])
    for time in range(REBOOTS or times):
        said = machine.wait_for("LINUX-HAS-THE-CARD .*\n", 60, fail="it-failed|Kernel panic")
        assert "52:54:00:12:34:56" in said.group(0)
        if time == 0:
            assert "PING-ANSWERED" in said.group(0)
            offer("")
    machine.wait_for("Configuring .* ok", 60, fail="it-failed")
