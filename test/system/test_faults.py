"""What goes wrong in real networks: each fault has its message, and nothing hangs."""

import hashlib
import re
import sys
import time

import pytest

from bench.config import PAYLOAD, is_classic_image
from bench.machine import Nic
from bench.process import wait_until
from bench.realmode import ENDURANCE, Int13Disk, lines
from bench.servers import SERVER, listens
from bench.wire import BadWire

ours = pytest.mark.ours
CHAP = ("alice", "secret-of-alice1")


def hook_script(uri, *settings):
    """A script that hooks a disk and says how that went."""
    body = ["#!ipxe", "dhcp", *settings, f"sanhook {uri} && echo hooked-fine || echo hook-failed",
            "shell"]
    return "\n".join(body) + "\n"


def expect_failure(machine, words, timeout=60):
    """The hook fails with a message that holds the words."""
    machine.wait_for("hook-failed", timeout, fail="hooked-fine")
    flat = " ".join(machine.serial.text.split())
    assert re.search(words, flat), f"no {words!r} in what was printed"


def words(classic, own):
    """What to look for: Debian's iPXE words it differently."""
    return classic if is_classic_image() else own


@pytest.fixture
def disk(tmp_path):
    """A disk whose program reads its region four times, half a second apart."""
    return Int13Disk(tmp_path / "disk.img", mode=ENDURANCE, read_count=8128, passes=4, pause=9)


def test_wrong_password(lab, boot, disk):
    iqn = lab.iscsi().add(disk.path, chap=CHAP)
    lab.dhcp()
    machine = boot(None, hook_script(f"iscsi:192.0.2.1:::1:{iqn}", "set username alice",
                                     "set password wrong-password"))
    expect_failure(machine, words(".", "(?i)password|authenticat|CHAP"))


def test_missing_password(lab, boot, disk):
    iqn = lab.iscsi().add(disk.path, chap=CHAP)
    lab.dhcp()
    machine = boot(None, hook_script(f"iscsi:192.0.2.1:::1:{iqn}"))
    expect_failure(machine, words(".", "(?i)password|username|authenticat"))


@ours
def test_target_with_the_wrong_secret(lab, boot, disk):
    """Mutual CHAP: the target does not know its own password."""
    iqn = lab.iscsi().add(disk.path, chap=CHAP, mutual=("target", "secret-of-target"))
    lab.dhcp()
    machine = boot(None, hook_script(
        f"iscsi:192.0.2.1:::1:{iqn}", f"set username {CHAP[0]}", f"set password {CHAP[1]}",
        "set reverse-username target", "set reverse-password another-secret"))
    expect_failure(machine, "(?i)target.*(authenticat|password|secret|CHAP)|CHAP.*target")


def test_initiator_not_in_the_list(lab, boot, disk):
    iqn = lab.iscsi().add(disk.path, initiator="iqn.2004-01.com.example:somebody-else")
    lab.dhcp()
    machine = boot(None, hook_script(f"iscsi:192.0.2.1:::1:{iqn}"))
    expect_failure(machine, words(".", "(?i)initiator|not found|no such|does not exist"))


def test_unknown_target(lab, boot, disk):
    lab.iscsi().add(disk.path)
    lab.dhcp()
    machine = boot(None, hook_script("iscsi:192.0.2.1:::1:iqn.2004-01.com.example:nothing"))
    expect_failure(machine, words(".", "(?i)target.*(not found|no such|exist|unknown)|not found"))


def test_unknown_lun(lab, boot, disk):
    iqn = lab.iscsi().add(disk.path)
    lab.dhcp()
    machine = boot(None, hook_script(f"iscsi:192.0.2.1:::7:{iqn}"))
    expect_failure(machine, words(".", "(?i)lun"), 100)


def test_closed_port(lab, boot):
    lab.dhcp()
    machine = boot(None, hook_script("iscsi:192.0.2.1::3333:1:iqn.2004-01.com.example:disk1"))
    expect_failure(machine, words("refused|reset", "(?i)refused|closed|reset"), 100)


@pytest.mark.parametrize("host", ["192.0.2.77", "203.0.113.9"])
def test_unreachable_host(lab, boot, host):
    lab.dhcp()
    machine = boot(None, hook_script(f"iscsi:{host}:::1:iqn.2004-01.com.example:disk1"))
    expect_failure(machine, words(".", "(?i)reach|answer|timed out|time-out|timeout|ARP"), 130)


@ours
def test_no_dhcp_server(boot):
    machine = boot(None, "#!ipxe\ndhcp --timeout 5000 || echo no-address\nshell\n")
    machine.wait_for("no-address", 60)
    assert "DHCP" in machine.serial.text


@ours
def test_no_cable(boot):
    machine = boot(None, "#!ipxe\necho waiting\nprompt\ndhcp || echo no-link\nshell\n")
    machine.wait_for("waiting", 60)
    machine.link(False)
    machine.send(" ")
    machine.wait_for("no-link", 100)
    assert "link" in machine.serial.text.lower()


@ours
def test_no_card(boot):
    machine = boot(None, "#!ipxe\ndhcp || echo without-card\nshell\n", nics=[])
    machine.wait_for("without-card", 60)
    assert "card" in machine.serial.text.lower()


def start_passes(lab, boot, disk, **options):
    """Boots the endurance program and waits for its first pass."""
    server = lab.iscsi()
    iqn = server.add(disk.path)
    lab.dhcp()
    machine = boot(None, f"#!ipxe\ndhcp\nsanboot iscsi:192.0.2.1:::1:{iqn}\nshell\n", **options)
    machine.program.wait_for("PASS 0001", 120, fail="Boot from SAN device 0x80 failed")
    return machine, server


def check_passes(machine, disk, timeout=140):
    """All passes came through right, and so did the write at the end."""
    machine.program.wait_for("INT13-END", timeout)
    reads = lines(machine.program.text, "PASS")
    assert len(reads) == 4
    for read in reads:
        assert (read["cf"], read["sum"]) == ("0", f"{disk.region_sum():08x}"), read["line"]
    assert disk.read(disk.write_lba, 127) == disk.pattern(disk.write_lba, 127)


@pytest.mark.deadline(240)
def test_server_killed_and_restarted(lab, boot, disk):
    machine, server = start_passes(lab, boot, disk)
    server.kill()
    server.start()
    check_passes(machine, disk)


@pytest.mark.deadline(240)
def test_link_down_and_up(lab, boot, disk):
    machine, _ = start_passes(lab, boot, disk)
    machine.link(False)
    machine.serial.poll(3)
    machine.link(True)
    check_passes(machine, disk)


@pytest.mark.deadline(240)
@pytest.mark.parametrize("card", ["virtio", "82540em"])
def test_loss_and_reordering(lab, boot, disk, card):
    wire = BadWire(lab, loss=1, reorder=2, dup=0.5)
    machine, _ = start_passes(lab, boot, disk, nics=[Nic(card, wire=wire)])
    check_passes(machine, disk)


@ours
@pytest.mark.deadline(240)
def test_black_out(lab, boot, disk):
    """Nothing passes for ten seconds: TCP alone must come through."""
    wire = BadWire(lab)
    machine, _ = start_passes(lab, boot, disk, nics=[Nic(wire=wire)])
    wire.set(cut=1)
    time.sleep(10)
    wire.set(cut=0)
    check_passes(machine, disk)


@ours
@pytest.mark.parametrize("script", [
    "#!ipxe\n\x01\x02\xff\xfe binary \x00 junk\necho after\n",
    "#!ipxe\n" + "x" * 70000 + "\n",
    "#!ipxe\ngoto nowhere\n",
    "#!ipxe\necho ${${${${\n}}}}\n:\n&& ||\n",
], ids=["binary", "long-line", "no-label", "braces"])
def test_garbage_script(boot, script):
    """A bad script ends with words about it, and the BIOS goes on."""
    machine = boot("on-fail=exit", script)
    machine.wait_for("No bootable device", 60)


@ours
def test_locked(lab, boot):
    """lock=1: nothing offers a shell, and keys open none."""
    lab.dhcp()
    machine = boot("lock=1 quiet", None)
    machine.wait_for("Trying again in 10 s", 60)
    machine.send("x\x02")
    machine.wait_for("Trying again in 10 s", 60)
    for offer in "Ctrl-B", "opens the shell", "iPXE>", "network boot firmware", "Script:":
        assert offer not in machine.serial.text


@ours
def test_garbage_image(lab, boot):
    """What cannot even be a network bootstrap program: too large, text, zeros."""
    lab.file("junk", bytes(range(256)) * 4000)
    lab.file("page", "<html><body>Sorry</body></html>\n")
    lab.file("zeros", bytes(100000))
    lab.web()
    lab.dhcp()
    lines = "".join(f"chain http://192.0.2.1/{name} || echo {name}-refused\n"
                    for name in ("junk", "page", "zeros"))
    machine = boot(None, f"#!ipxe\ndhcp\n{lines}shell\n")
    for name in "junk", "page", "zeros":
        machine.wait_for(f"\n{name}-refused", 60)


@ours
def test_too_big_for_memory(lab, boot):
    path = lab.root / "huge.bin"
    with open(path, "wb") as huge:
        huge.truncate(200 << 20)
    lab.web()
    lab.dhcp()
    machine = boot(None, "#!ipxe\ndhcp\n"
                   "imgfetch http://192.0.2.1/huge.bin || echo too-much\necho alive\nshell\n",
                   memory="64")
    machine.wait_for("too-much", 60)
    assert "MB" in machine.serial.text
    machine.wait_for("alive", 10)


@ours
def test_san_in_24_mb(lab, boot, disk):
    machine, _ = start_passes(lab, boot, disk, memory="24")
    check_passes(machine, disk)


@pytest.mark.ours
def test_address_that_somebody_else_has(lab, boot, tmp_path):
    """A conflict is said when the disk is hooked; the operating system would stumble over it."""
    disk = tmp_path / "disk.img"
    disk.write_bytes(bytes(1 << 20))
    iqn = lab.iscsi().add(disk)
    lab.net.start("squatter", sys.executable, PAYLOAD / "arp_squatter.py", "br0", "192.0.2.50")
    machine = boot("net0/ip=192.0.2.50 net0/netmask=255.255.255.0 "
                   f"ifopen net0 && sanhook iscsi:192.0.2.1:::1:{iqn} ; shell")
    machine.wait_for("Registered SAN device 0x80", 60)
    machine.wait_for("192.0.2.50 is already used by 02:00:00:00:00:09", 20)


# What each address of payload/hostile_server.py must lead to.
HOSTILE = {
    "http://192.0.2.77/unreachable": "E-FETCH-03",
    "http://192.0.2.1:8082/nobody": "E-TCP-01",
    "H/silent": "E-FETCH-03", "H/header": "E-FETCH-03", "H/body": "E-FETCH-03",
    "H/chunk-header": "E-FETCH-03", "H/chunk": "E-FETCH-03", "H/body-close": "E-HTTP-05",
    "H/loop": "E-HTTP-06", "H/huge": "E-FETCH-05", "H/endless-header": "E-HTTP-04",
    "H/endless-informational": "E-HTTP-04", "H/endless-extension": "E-HTTP-04",
    "H/endless-trailer": "E-HTTP-04", "H/endless-body": "E-FETCH-05",
    "H/endless-redirect": "E-HTTP-06", "H/garbage": "E-HTTP-04",
    "T/silent": "E-FETCH-03", "T/oack": "E-FETCH-03", "T/data": "E-FETCH-03",
    "T/sizes": "E-FETCH-05", "T/error": "E-TFTP-02", "T/long": "E-TFTP-05",
    "http://nobody.elsewhere.example/": "E-DNS-04",
}


@ours
def test_hostile_servers(lab, boot):
    """Servers that stop in every phase, or never stop: a code each, and memory as it was."""
    data = bytes(range(256)) * 4000
    lab.file("canary", data)
    lab.web()
    lab.dhcp()
    lab.net.start("hostile", sys.executable, PAYLOAD / "hostile_server.py", SERVER, "8081", "6969")
    wait_until(lambda: listens(lab, 8081), 10, "hostile_server")
    script = ["#!ipxe", "dhcp", f"imgfetch http://{SERVER}/canary"]
    for number, address in enumerate(HOSTILE):
        address = address.replace("H/", f"http://{SERVER}:8081/", 1)
        address = address.replace("T/", f"tftp://{SERVER}:6969/", 1)
        script.append(f"imgfetch -q --timeout 1000 --retries 0 {address} || "
                      f"echo answer-{number}: ${{error-code}} !")
    script += ["sha256sum canary", "imgstat", "echo end-of-it", "shell"]
    machine = boot(None, "\n".join(script) + "\n", memory="64")
    answers = {address: machine.wait_for(rf"answer-{number}: (\S+) !", 60, fail="end-of-it").group(1)
               for number, address in enumerate(HOSTILE)}
    assert answers == HOSTILE
    machine.wait_for(hashlib.sha256(data).hexdigest(), 20)
    machine.wait_for(f"canary : {len(data)} bytes", 20)
    machine.wait_for("end-of-it", 20)
