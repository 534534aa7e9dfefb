"""The PXE API, call by call: test/payload/nbp, a network bootstrap program that checks every answer."""

import sys

import pytest

from bench.cache import assembled, real_mode_program
from bench.config import PAYLOAD
from bench.machine import Nic
from bench.process import wait_until
from bench.realmode import ENDURANCE, Int13Disk
from bench.servers import SERVER, listens

pytestmark = pytest.mark.ours

SAN_LBA, SAN_SECTORS = 10240, 2560

SCRIPT = """#!ipxe
dhcp
sanhook iscsi:192.0.2.1:::1:{iqn} || goto bad
set 209:string pxelinux.cfg/chosen
set 210:string http://192.0.2.1/chosen/
set hostname nbp-host
set filename chosen/by.script
set next-server 192.0.2.77
chain tftp://192.0.2.1/nbp.0 all checks || goto bad
echo nbp-came-back ${{said-by-nbp}}
chain http://192.0.2.1/nbp.0 status || echo nbp-said-no
chain http://192.0.2.1/nbp.0 restart || goto bad
chain http://192.0.2.1/nbp.0 unload || echo nbp-gave-up
imgfetch http://192.0.2.1/nbp-data || goto bad
sanboot --drive 0x80 || goto bad
:bad
echo script-failed
shell
"""


@pytest.fixture
def server(lab):
    """Everything that the NBP talks to."""
    lab.dhcp()
    lab.web()
    lab.file("nbp.0", real_mode_program("nbp"))
    lab.file("nbp-data", bytes((i * 31 + (i >> 8)) & 0xFF for i in range(20001)))
    lab.net.start("echo", sys.executable, PAYLOAD / "udp_echo.py", SERVER, "7007")
    wait_until(lambda: listens(lab, 7007, udp=True), 10, "the echo server")
    return lab


def san_disk(path):
    """A disk that boots, with sectors whose content the NBP knows."""
    disk = Int13Disk(path, mode=ENDURANCE, seed=0)
    with open(path, "r+b") as out:
        out.seek(SAN_LBA * 512)
        out.write(disk.pattern(SAN_LBA, SAN_SECTORS))
    return disk


def bad_findings(text):
    """Lines of findings that are wrong, each with what was said before it."""
    found, remarks = [], []
    for line in text.splitlines():
        if line.startswith("  "):
            remarks.append(line.strip())
        else:
            if line.startswith("BAD"):
                found.append(" | ".join([line, *remarks]))
            remarks = []
    return found


@pytest.mark.parametrize("card", ["virtio", "82540em", "rtl8139"])
def test_every_call(server, boot, tmp_path, card):
    iqn = server.iscsi().add(san_disk(tmp_path / "disk.img").path)
    machine = boot(None, SCRIPT.format(iqn=iqn), nics=[Nic(card)])
    machine.program.wait_for("NBP-STARTED", 60, fail="script-failed")
    machine.program.wait_for("NBP-END", 120, fail="script-failed")
    assert bad_findings(machine.program.text) == []
    assert machine.program.text.count("OK ") > 300
    machine.wait_for("nbp-came-back hello-from-the-nbp", 30, fail="script-failed")
    machine.wait_for("nbp-said-no", 30, fail="script-failed")
    machine.program.wait_for("NBP-RESTARTED", 30, fail="script-failed")
    machine.program.wait_for("NBP-UNLOADED", 30, fail="script-failed")
    machine.wait_for("nbp-gave-up", 30, fail="script-failed")
    machine.program.wait_for("INT13-END", 60, fail="script-failed")
    assert bad_findings(machine.program.text) == []


def test_nesting_has_an_end(lab, boot):
    """A program that starts itself again and again is told when our stacks have no more room."""
    lab.dhcp()
    lab.web()
    lab.file("nest.0", assembled("nest.asm"))
    machine = boot(None, "#!ipxe\ndhcp\nchain http://192.0.2.1/nest.0 || echo nest-came-back\nshell\n")
    machine.wait_for("4 programs wait for each other already", 60)
    machine.wait_for("nest-came-back", 30)


def test_forgotten_hook(lab, boot):
    """A program leaves the timer hooked; the next one lies where its handler was."""
    lab.dhcp()
    lab.web()
    lab.file("hooker.0", assembled("hooker.asm"))
    lab.file("next.0", assembled("hooker.asm", "-DNEXT"))
    machine = boot(None, "#!ipxe\ndhcp\nchain http://192.0.2.1/hooker.0\n"
                   "chain http://192.0.2.1/next.0\necho next-came-back\nshell\n")
    machine.wait_for("next-came-back", 60)
