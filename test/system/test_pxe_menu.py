"""PXE boot menus, boot servers and proxies, and DHCP servers that send us ourselves."""

import sys

import pytest

from bench import media
from bench.config import IMAGE, PAYLOAD
from bench.machine import Config, Machine, Nic
from bench.process import wait_until
from bench.servers import Dnsmasq

pytestmark = pytest.mark.ours

ONE, TWO = "#!ipxe\necho first-file\n", "#!ipxe\necho second-file\n"
MENU = ['--pxe-service=x86PC,The first,one', '--pxe-service=x86PC,The second,two',
        '--pxe-service=x86PC,The local disk,0']
F8 = "\x1b[19~"
DOWN = "\x1b[B"


def files(lab):
    lab.file("one.0", ONE)
    lab.file("two.0", TWO)


def test_menu(lab, boot):
    """The end of the countdown takes the first entry; F8 opens the menu; the local disk ends it."""
    files(lab)
    lab.dhcp("--pxe-prompt=Choose what to boot,5", *MENU)
    machine = boot("console=ttyS0", "#!ipxe\nautoboot\nautoboot\nautoboot && echo menu-over\n"
                   "autoboot || shell\n", redirect=False)
    machine.wait_for("first-file", 60)
    machine.wait_for(r"Choose what to boot \(5\)", 30)
    machine.send(F8)
    machine.wait_for("The local disk", 30)
    machine.send(DOWN + "\r")
    machine.wait_for("second-file", 30)
    machine.wait_for("Choose what to boot", 30)
    machine.send(F8)
    machine.wait_for("The local disk", 30)
    machine.send(DOWN + DOWN + "\r")
    machine.wait_for("menu-over", 30)
    machine.wait_for("Choose what to boot", 30)
    machine.send("\x03")
    machine.wait_for("iPXE>", 30)


def test_menu_by_a_proxy(lab, boot):
    """The address from one server, the menu from another; then pxebs by hand."""
    files(lab)
    lab.dhcp(tftp=False)
    lab.net.start("proxy", "dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null",
                  "--user=root", "--group=root", "--port=0", "--interface=br0",
                  "--bind-interfaces", "--except-interface=lo", "--log-dhcp",
                  "--log-facility=-", f"--pid-file={lab.run_dir}/proxy.pid",
                  "--dhcp-range=192.0.2.0,proxy", "--enable-tftp", f"--tftp-root={lab.root}",
                  "--pxe-prompt=By the proxy,1", *MENU)
    log = lab.log_dir / "proxy.log"
    wait_until(lambda: Dnsmasq.READY in log.read_text(), 10, "the proxy")
    machine = boot(None, "#!ipxe\nautoboot\npxebs net0 32769 && show pxebs/filename\nshell\n")
    machine.wait_for("By the proxy", 60)
    machine.wait_for("first-file", 30)
    machine.wait_for("pxebs/filename:string = two.0", 30)


@pytest.mark.parametrize("offer_delay", [None, "0", "0.6"], ids=["lease", "proxy", "late"])
def test_pxe_server_on_port_4011(lab, boot, offer_delay):
    """Who is asked for the boot file: the host that a PXE lease names as next server, or the proxy,
    never the DHCP server (ipxe issue 482)."""
    files(lab)
    lab.add_address("192.0.2.5/24")
    lease = [] if offer_delay else ["--dhcp-option-force=60,PXEClient", "--dhcp-boot=,,192.0.2.5"]
    lab.dhcp(*lease)
    server = [sys.executable, PAYLOAD / "pxe_server.py", "192.0.2.5", "two.0"]
    lab.net.start("pxe-server", *server, *([offer_delay] if offer_delay else []))
    log = lab.log_dir / "pxe-server.log"
    wait_until(lambda: "ready" in log.read_text(), 10, "the PXE server")
    machine = boot(None, "#!ipxe\nautoboot\nshow proxydhcp/next-server\nshell\n")
    machine.wait_for("second-file", 60)
    machine.wait_for("192.0.2.5", 10)
    assert "4011" in log.read_text()


def downloads(lab, name):
    """How often dnsmasq sent a file."""
    return lab.dnsmasq.log().count(f"sent {lab.root / name} to")


def test_dhcp_sends_ourselves(lab, boot):
    """One download, an explanation, and never again; a script next to it is a way out."""
    lab.file("boot/ipxe.lkrn", IMAGE)
    lab.dhcp("--dhcp-boot=boot/ipxe.lkrn")
    machine = boot("on-fail=retry,1", None, redirect=False)
    machine.wait_for("Boot loop: the file that DHCP names is this firmware itself", 60)
    machine.wait_for("E-BOOT-07", 30)
    machine.wait_for("Boot loop: ", 30)
    assert downloads(lab, "boot/ipxe.lkrn") == 1
    lab.file("boot/autoexec.ipxe", "#!ipxe\necho autoexec-runs\nshell\n")
    machine.wait_for("autoexec-runs", 60)
    assert downloads(lab, "boot/ipxe.lkrn") == 1


def test_pxelinux_again(lab):
    """The ROM starts PXELINUX, which starts us; and DHCP gives everybody PXELINUX: one round."""
    lab.dhcp(boot_file=media.pxelinux_tree(lab.root, append="on-fail=halt"))
    machine = Machine(lab, Config(nics=[Nic(pxe_rom=True, bootindex=0)], redirect=False))
    machine.wait_for("Boot loop: DHCP names pxelinux.0, which has just started this", 120)
    machine.wait_for("E-BOOT-07", 30)
    assert downloads(lab, "pxelinux.0") == 2


def test_dhcp_sends_a_line_to_run(lab, boot):
    """175.81 goes before a filename, which may then be the one for everybody else."""
    lab.dhcp("--dhcp-option-force=encap:175,81,echo scriptlet-runs", "--dhcp-boot=pxelinux.0")
    boot("on-fail=halt", None).wait_for("scriptlet-runs", 60)
