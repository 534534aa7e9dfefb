"""Several cards at once: which one is used; no card; cards that no driver knows."""

import re

import pytest

from bench.machine import Nic

pytestmark = pytest.mark.ours

MIXED = ["82540em", "virtio", "82574", "rtl8139"]
BOOT = "#!ipxe\necho booted over ${netX/ifname} with ${netX/ip}\nifstat\nshell\n"


def mac(index):
    return f"52:54:00:12:34:{0x56 + index:02x}"


def cards(models=MIXED, bridges=("br0",) * 4, cables=(True,) * 4, first_slot=4):
    """Cards in PCI slots one after the other, so that net0 is the first."""
    return [
        Nic(model, mac(index), addr=f"{first_slot + index:#x}", bridge=bridge, cable=cable)
        for index, (model, bridge, cable) in enumerate(zip(models, bridges, cables))
    ]


def see(machine, text, timeout, fail=None):
    """Waits for a text, as it stands."""
    machine.wait_for(re.escape(text), timeout, fail=fail)


def offers(log):
    return log.count("DHCPOFFER")


def requests(log):
    return log.count("DHCPREQUEST")


@pytest.fixture
def boot_server(lab):
    """DHCP on br0 that says what to boot, and the file."""
    lab.file("boot.ipxe", BOOT)
    return lab.dhcp(boot_file="boot.ipxe")


# ---- The best answer ----


@pytest.mark.quick
def test_link_on_the_third_only(boot, boot_server):
    """Cables that are out cost no time: nothing is waited for but the one link."""
    machine = boot(nics=cards(cables=(False, False, True, False)))
    see(machine, " ok (net2)", 60, fail=" failed")
    see(machine, "booted over net2 with 192.0.2.", 30)
    assert "Trying the other cards" not in machine.serial.text
    for name, state in (("net0", "closed"), ("net1", "closed"), ("net2", "open"),
                        ("net3", "closed")):
        see(machine, f"{name}: ", 20)
        see(machine, f"(Ethernet) [{state}]", 20)
    assert requests(boot_server.log()) == 1


def test_boot_answer_on_the_second_only(lab, boot, boot_server):
    """net0's server gives an address alone, net2 and net3 have a link and no server at all."""
    lab.network("br1", "198.51.100.1")
    lab.network("br2", "203.0.113.1")
    other = lab.dhcp(bridge="br1", server="198.51.100.1")
    machine = boot("debug=dhcp", nics=cards(["virtio", "virtio", "82574", "rtl8139"],
                                            ("br1", "br0", "br2", "br2")))
    see(machine, " ok (net1)", 60, fail=" failed")
    see(machine, "Next server: 192.0.2.1", 20)
    see(machine, "booted over net1 with 192.0.2.", 30)
    assert "nothing received" not in machine.serial.text
    assert requests(boot_server.log()) == 1
    assert offers(other.log()) >= 1
    assert requests(other.log()) == 0


def test_autoboot_goes_on_with_the_other_cards(lab, boot, boot_server):
    """The first card's server says nothing to boot, and the second card's cable comes late."""
    lab.network("br1", "198.51.100.1")
    lab.dhcp(bridge="br1", server="198.51.100.1")
    machine = boot(nics=cards(["virtio", "82574"], ("br1", "br0"), (True, False)))
    see(machine, " ok (net0)", 60)
    machine.link(True, 1)
    see(machine, "Nothing to boot", 30)
    see(machine, "Trying the other cards", 20)
    see(machine, "booted over net1 with 192.0.2.", 60)


# ---- Late cables ----


def test_all_cables_come_late(boot, boot_server):
    machine = boot("dhcp --timeout 100000 && chain ${filename} || shell",
                   nics=cards(cables=(False,) * 4))
    see(machine, "Waiting for link-up on net0 net1 net2 net3...", 60)
    machine.link(True, 3)
    see(machine, " ok (net3)", 60)
    see(machine, "booted over net3", 30)


def test_late_cable_beside_a_silent_network(lab, boot, boot_server):
    """net0 has a link and nobody answers there: net1's cable is noticed when it comes."""
    lab.network("br1", "198.51.100.1")
    machine = boot("dhcp && chain ${filename} || shell",
                   nics=cards(["virtio", "82540em"], ("br1", "br0"), (True, False)))
    see(machine, "Configuring (net0 ", 60)
    machine.link(True, 1)
    see(machine, " ok (net1)", 60)
    see(machine, "booted over net1", 30)


# ---- The card that the user asks for ----


@pytest.mark.parametrize(
    "option, card",
    [
        ("nic=" + mac(1), "net1"),
        ("nic=8086:10d3", "net2"),
        ("nic=00:07.0", "net3"),
        ("nic=net2", "net2"),
        ("BOOTIF=01-" + mac(3).replace(":", "-"), "net3"),
        ("BOOTIF=01-" + mac(3).replace(":", "-") + " nic=net1", "net1"),
    ],
)
def test_asked_for(boot, boot_server, option, card):
    """All four could boot. netX is that card from the script's first line on."""
    machine = boot(option, "#!ipxe\necho first ${netX/ifname}\ndhcp\nchain ${filename}\n",
                   nics=cards())
    see(machine, f"first {card}", 60)
    see(machine, f" ok ({card})", 60, fail=" failed")
    see(machine, f"booted over {card}", 30)
    assert "asks for" not in machine.serial.text


def test_asked_for_and_not_there(boot, boot_server):
    machine = boot("nic=02:00:00:00:00:01 dhcp && chain ${filename} || shell",
                   nics=cards(["virtio", "virtio"]))
    see(machine, "No card is 02:00:00:00:00:01, which nic= or BOOTIF= asks for", 60)
    see(machine, "booted over net0", 60)


def test_asked_for_and_without_a_cable(boot, boot_server):
    machine = boot("nic=net1 dhcp && chain ${filename} || shell",
                   nics=cards(["virtio", "virtio"], cables=(True, False)))
    see(machine, "net1, which nic= or BOOTIF= asks for, has no link", 60)
    see(machine, "booted over net0", 60)


def test_another_card_afterwards(lab, boot, boot_server):
    """`dhcp` closes what it did not choose; `dhcp net2` opens it again, beside the first."""
    lab.network("br1", "198.51.100.1")
    lab.dhcp(bridge="br1", server="198.51.100.1")
    machine = boot(None, "#!ipxe\ndhcp\ndhcp net2\nroute\necho netX is ${netX/ifname}\n"
                         "chain tftp://192.0.2.1/boot.ipxe\n",
                   nics=cards(["virtio"] * 4, bridges=("br0", "br1", "br1", "br1")))
    see(machine, " ok (net0)", 60)
    see(machine, "Configuring (net2 ", 60)
    see(machine, "net0: 192.0.2.", 30)
    see(machine, "net2: 198.51.100.", 10)
    see(machine, "netX is net2", 10)
    see(machine, "booted over net2 with 198.51.100.", 30)
    assert "inaccessible" not in machine.serial.text


# ---- No card, unknown cards ----


@pytest.mark.quick
def test_no_card(boot):
    machine = boot(None, "#!ipxe\nifstat\necho and-now\ndhcp\n", nics=[])
    see(machine, "No network card that this firmware can drive.", 60)
    see(machine, "and-now", 10)
    see(machine, "No network card that this firmware can drive.", 10)
    see(machine, "there is no PCI network device", 10)
    see(machine, "E-NIC-01", 10)


@pytest.mark.parametrize(
    "model, pci_id, nearest, driver",
    [
        ("pcnet", "1022:2000", None, "e1000"),
        ("ne2k_pci", "10ec:8029", "r8169", "r8169"),
        ("i82559er", "8086:1209", "e1000", "e1000"),
        ("i82559er", "8086:1209", "e1000", "r8169"),
        ("vmxnet3", "15ad:07b0", None, "virtio-net"),
    ],
)
def test_unknown_card(boot, boot_server, model, pci_id, nearest, driver):
    """It is listed; a driver that is not for it refuses it, and the other card goes on."""
    machine = boot(None, "#!ipxe\ndhcp || echo without-a-card\n"
                         f"bind {pci_id} {driver} || echo it refuses\nifstat\nshell\n",
                   nics=cards([model]))
    see(machine, f"00:04.0 {pci_id} (class 020000): no driver", 60)
    see(machine, f"; nearest: {nearest}\n" if nearest else "\n", 10)
    see(machine, "without-a-card", 10)
    see(machine, f"{driver} at 00:04.0 ({pci_id}): ", 60)
    see(machine, "it refuses", 20)
    see(machine, f"{pci_id} (class 020000): driver {driver} failed", 20)


def test_unknown_card_beside_a_known_one(boot, boot_server):
    machine = boot(f"bind=1022:2000:e1000 bind=8086:100e:e1000 dhcp && chain ${{filename}} || shell",
                   nics=cards(["pcnet", "82540em"]))
    see(machine, "e1000 at 00:04.0 (1022:2000)", 60)
    see(machine, "booted over net0", 60)
    see(machine, "  e1000 8086:100e", 20)
