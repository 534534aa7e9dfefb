"""Cards of the RTL8169 model (test/r8169), in front of a QEMU that can attach them."""

import functools
import subprocess

from .cache import compiled

# Oldest first: PCI, then PCIe without and with gigabit, then 2.5 Gbit/s.
CHIPS = ("8169s", "8110s", "8169sb", "8169sc", "8169sce",
         "8101e", "8168b", "8168c", "8168cp", "8168d", "8168e", "8168evl", "8168f",
         "8106e", "8168g", "8168gu", "8168h", "8125a", "8125b")


@functools.cache
def missing():
    """Why the installed QEMU cannot have such cards, or None."""
    devices = subprocess.run(["qemu-system-x86_64", "-device", "help"],
                             check=True, capture_output=True, text=True).stdout
    return None if "x-pci-proxy-dev" in devices else "this QEMU has no x-pci-proxy-dev"


def command(lab, nics):
    """What comes before QEMU's own command line."""
    argv = [compiled("r8169", "test/r8169/*.c", "test/r8169/qemu/*.c")]
    for nic in nics:
        card = f"{nic.model},mac={nic.mac},tap={lab.tap()}"
        if nic.addr:
            card += f",addr={nic.addr}"
        if nic.left:
            card += f",left={nic.left}"
        if nic.props:
            card += f",{nic.props}"
        argv += ["--card", card]
    return argv + ["--"]


def mistakes(log):
    """What the model found wrong with its drivers, one string each."""
    return [line for line in log.splitlines() if "MISTAKE" in line]
