"""Finding out what happened without a rebuild, and machines that nobody watches."""

import sys

import pytest

from bench.config import PAYLOAD
from bench.process import wait_until
from bench.servers import SERVER, listens

pytestmark = pytest.mark.ours


def test_log_and_syslog(lab, boot):
    """Lines go to the syslog server, also those from before the lease; the log is saved by PUT."""
    lab.dhcp(f"--dhcp-option=7,{SERVER}")
    lab.web("location /logs/ { dav_methods PUT; create_full_put_path on; }")
    lab.net.start("syslog", sys.executable, PAYLOAD / "udp_log.py", SERVER, "514")
    wait_until(lambda: listens(lab, 514, udp=True), 10, "the syslog server")
    machine = boot("hostname=pc7 password=geheim-geheim",
                   "#!ipxe\necho before-the-lease\ndebug dhcp\ndhcp\n"
                   f"imgfetch http://{SERVER}/no-such-file || echo went-on\n"
                   "report\n"
                   f"log --save http://{SERVER}/logs/pc7.txt && echo log-saved\nshell\n")
    machine.wait_for("bytes of log saved as", 60)
    machine.wait_for("log-saved", 10)
    syslog = lab.log_dir / "syslog.log"
    wait_until(lambda: "log-saved" in syslog.read_text(), 20, "the last line at the server")
    text = syslog.read_text()
    assert "<14>pc7 ipxe: before-the-lease\n" in text
    assert "<11>pc7 ipxe: " in text and "HTTP 404" in text
    saved = (lab.root / "logs/pc7.txt").read_text()
    assert "before-the-lease\n" in saved and "dhcp: " in saved
    said = machine.serial.text
    assert "started by QEMU" in said and "Last failures:" in said
    assert "geheim" not in said + text + saved


def test_unattended(lab, boot):
    """Nobody watches: a dead server ends the boot in time, and the machine restarts."""
    lab.dhcp()
    machine = boot("lock=1 on-fail=reboot,2 boot-timeout=8",
                   "#!ipxe\ndhcp\n:again\n"
                   "imgfetch http://192.0.2.77/x || echo once-more\ngoto again\n",
                   extra=["-no-reboot"])
    machine.wait_for("nothing has booted in 8 s", 60)
    machine.wait_for("Rebooting in 1 s, a key ends the wait", 30)
    machine.wait_end(30)
    assert "Ctrl-B" not in machine.serial.text
