"""Commands that scripts use against real servers: parameters, digests, time, two cards."""

import gzip
import hashlib
import sys

import pytest

from bench.config import PAYLOAD
from bench.machine import Nic
from bench.process import wait_until
from bench.servers import SERVER, listens

pytestmark = pytest.mark.ours


def test_parameters(lab, boot):
    """What a machine registers arrives as form fields and header lines; the answer is a script."""
    lab.dhcp()
    lab.net.start("echo", sys.executable, PAYLOAD / "http_echo.py", SERVER, "8080")
    wait_until(lambda: listens(lab, 8080), 10, "the HTTP server")
    machine = boot(None, "#!ipxe\ndhcp\nparams\nparam mac ${net0/mac}\nparam name a b & c\n"
                   "param --header X-Key s7\n"
                   f"chain http://{SERVER}:8080/reg##params\n"
                   "params --name q --method GET\nparam --params q id 7\n"
                   f"chain http://{SERVER}:8080/ask?x=y##params=q\n"
                   f"chain http://{SERVER}:8080/plain\necho all-asked\nshell\n")
    machine.wait_for("all-asked", 60)
    said = machine.serial.text
    assert ("asked POST /reg with mac=52%3A54%3A00%3A12%3A34%3A56&name=a+b+%26+c"
            " key s7\n") in said
    assert "asked GET /ask?x=y&id=7 with nothing key None\n" in said
    assert "asked GET /plain with nothing key None\n" in said


def test_digests_settings_and_time(lab, boot):
    """Sums of a real file, a file's text as a setting, a server's time, every PCI function."""
    content = bytes(range(256)) * 5000
    lab.file("data", content)
    lab.file("data.gz", gzip.compress(content))
    lab.file("name.txt", "web-17\n")
    lab.web()
    lab.dhcp()
    lab.net.start("ntp", sys.executable, PAYLOAD / "ntp_server.py", SERVER)
    wait_until(lambda: listens(lab, 123, udp=True), 10, "the NTP server")
    base = f"http://{SERVER}"
    machine = boot(None, f"#!ipxe\ndhcp\nimgfetch {base}/data\n"
                   "md5sum data\nsha512sum data\nsha256sum --set sum data\necho sum ${sum}\n"
                   f"imgset hostname {base}/name.txt\necho host ${{hostname}} .\n"
                   f"imgextract --name data2 {base}/data.gz && sha256sum --set sum data2 && echo sum2 ${{sum}}\n"
                   f"ntp {SERVER}\nnslookup where server.lab.example\necho where ${{where}}\n"
                   "echo time ${unixtime}\n:pci\npciscan dev || goto done\n"
                   "iseq ${pci/${dev}.10.2} 0200 && echo card at ${dev} ||\ngoto pci\n"
                   ":done\nnstat\nipstat\ncpuid 0 && echo fpu\necho all-said\nshell\n")
    machine.wait_for("all-said", 60)
    said = machine.serial.text
    for name in ("md5", "sha512"):
        assert hashlib.new(name, content).hexdigest() in said.replace("\n", "")
    assert f"sum {hashlib.sha256(content).hexdigest()}" in said
    assert f"sum2 {hashlib.sha256(content).hexdigest()}" in said
    assert "host web-17 .\n" in said
    assert f"where {SERVER}\n" in said
    assert "time 0x70dbd8" in said
    assert "card at 0000:00:0" in said
    assert f"net0 {SERVER} is " in said
    assert "fpu\n" in said


def test_two_cards_on_one_cable(lab, boot):
    """Frames of every size go from one card to the other and back."""
    machine = boot(None, "#!ipxe\nlotest --count 1600 net0 net1 && echo there\n"
                   "lotest --count 1600 --broadcast net1 net0 && echo and-back\nshell\n",
                   nics=[Nic("virtio"), Nic("82574", mac="52:54:00:12:34:57")])
    machine.wait_for("there\n", 60)
    machine.wait_for("and-back\n", 60)
