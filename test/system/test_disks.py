"""Disks and CDs that are files on a web server, CDs on LUNs, and local disks: what sanboot makes of them."""

import sys

import pytest

from bench import media
from bench.cache import assembled
from bench.machine import Nic
from bench.process import wait_until
from bench.realmode import ENDURANCE, Int13Disk, lines
from bench.servers import SERVER, listens

pytestmark = pytest.mark.ours

WRITE_PROTECTED = "03"


def ask_for(lab, boot, url, **options):
    lab.dhcp()
    return boot(None, f"#!ipxe\ndhcp\nsanboot {url} || echo script-goes-on\nshell\n", **options)


def check_reads(text, disk):
    wanted = f"{disk.region_sum():08x}"
    reads = lines(text, "READ fn=")
    assert len(reads) > 50
    for read in reads:
        assert (read["cf"], read["sum"]) == ("0", wanted), read["line"]


@pytest.mark.parametrize("card", ["virtio", "82540em"])
def test_image_over_http(lab, boot, tmp_path, card):
    disk = Int13Disk(tmp_path / "disk.img")
    before = disk.read(0, disk.sectors)
    nginx = lab.web()
    machine = ask_for(lab, boot, lab.file("disk.img", disk.path), nics=[Nic(card)])
    machine.wait_for("Registered SAN device 0x80", 60, fail="script-goes-on")
    machine.wait_for("16.0 MiB, 512-byte sectors, read-only", 10)
    machine.program.wait_for("INT13-END", 120)
    text = machine.program.text
    check_reads(text, disk)
    writes = lines(text, "WRITE fn=")
    assert writes
    for write in writes:
        assert (write["cf"], write["ah"]) == ("1", WRITE_PROTECTED), write["line"]
    assert machine.serial.text.count("the disk is read-only") == 1
    assert disk.read(0, disk.sectors) == before
    assert all(" 206 " in line for line in nginx.requests())


def test_image_beyond_4_gb(lab, boot, tmp_path):
    """What is read lies at 5 GB of a file with a hole of 9 GB."""
    disk = Int13Disk(tmp_path / "disk.img", size_mb=9 << 10, read_lba=10 << 20)
    lab.web()
    machine = ask_for(lab, boot, lab.file("disk.img", disk.path))
    machine.wait_for("9.0 GiB, 512-byte sectors", 60, fail="script-goes-on")
    machine.program.wait_for("INT13-END", 120)
    reads = [read for read in lines(machine.program.text, "READ fn=42") if read["cf"] == "0"]
    assert reads
    assert {read["sum"] for read in reads} == {f"{disk.region_sum():08x}"}


def test_redirect_and_password(lab, boot, tmp_path):
    disk = Int13Disk(tmp_path / "disk.img")
    (tmp_path / "users").write_text("u:{PLAIN}p\n")
    lab.web(f"location /old {{ return 302 /new/disk.img; }}\n"
            f"location /new {{ auth_basic disks; auth_basic_user_file {tmp_path}/users; }}")
    lab.file("new/disk.img", disk.path)
    machine = ask_for(lab, boot, f"http://u:p@{SERVER}/old")
    machine.program.wait_for("INT13-END", 120)
    check_reads(machine.program.text, disk)


def test_server_without_ranges(lab, boot, tmp_path):
    disk = Int13Disk(tmp_path / "disk.img")
    lab.file("disk.img", disk.path)
    lab.net.start("http.server", sys.executable, "-m", "http.server", "--bind", SERVER,
                  "--directory", lab.root, "8080")
    wait_until(lambda: listens(lab, 8080), 10, "http.server")
    machine = ask_for(lab, boot, f"http://{SERVER}:8080/disk.img")
    machine.wait_for(r"the server does not do byte ranges \(got 200\)", 60)
    machine.wait_for("script-goes-on", 30)


def test_server_restarts(lab, boot, tmp_path):
    disk = Int13Disk(tmp_path / "disk.img", mode=ENDURANCE, passes=8, pause=18)
    nginx = lab.web()
    machine = ask_for(lab, boot, lab.file("disk.img", disk.path))
    machine.program.wait_for("INT13-LOADED", 120)
    machine.program.wait_for("PASS", 60)
    nginx.kill()
    machine.wait_for("SAN: connection to .* lost, retrying", 60)
    nginx.start()
    machine.wait_for("re-established", 60)
    machine.program.wait_for("INT13-END", 120)


def test_local_disk_by_number(lab, boot, tmp_path):
    """sanboot without a path: the second disk of the BIOS, no network involved."""
    first = tmp_path / "first.img"
    first.write_bytes(bytes(4 << 20))
    disk = Int13Disk(tmp_path / "disk.img")
    machine = boot(None, "#!ipxe\nsanboot --drive 0x81 || echo script-goes-on\nshell\n",
                   disks=[first, disk.path])
    machine.program.wait_for("INT13-END", 120)
    check_reads(machine.program.text, disk)


def check_cd_boots(machine):
    machine.wait_for("2048-byte sectors, .*a bootable CD", 60, fail="script-goes-on")
    machine.wait_for("ISOLINUX", 60, fail="script-goes-on")
    machine.wait_for("PROBE-BEGIN", 240, fail="script-goes-on|Kernel panic")
    machine.wait_for("from=cd", 60)


@pytest.mark.parametrize("drive", ["0x80", "0xe0"])
def test_iso_over_http(lab, boot, probe_cd, drive):
    lab.web()
    machine = ask_for(lab, boot, f"--drive {drive} " + lab.file("x.iso", probe_cd),
                      memory="384")
    check_cd_boots(machine)


@pytest.mark.parametrize("cd", [False, True], ids=["disk", "cd"])
def test_iso_on_a_lun(lab, boot, probe_cd, cd):
    """Written to a LUN as to a disk, and as the medium of a CD drive."""
    iqn = lab.iscsi().add(probe_cd, readonly=not cd, cd=cd)
    machine = ask_for(lab, boot, f"iscsi:192.0.2.1:::1:{iqn}", memory="384")
    check_cd_boots(machine)


@pytest.mark.parametrize("drive", ["0x80", "0xe0"])
def test_grub_iso_over_http(lab, boot, tmp_path, drive):
    """GRUB finds its files on the CD, and starts this same image from there."""
    iso = media.grub_iso(tmp_path, append="'echo grub-cd-runs && shell'")
    lab.web()
    machine = ask_for(lab, boot, f"--drive {drive} " + lab.file("x.iso", iso))
    machine.wait_for("a bootable CD", 60, fail="script-goes-on")
    machine.wait_for("grub-cd-runs", 120, fail="script-goes-on|grub rescue")


def test_several_drives_at_once(lab, boot, tmp_path, probe_cd):
    """Hooked and unhooked in any order, with local disks: which disk answers to which number."""
    def named(name):
        program = assembled("drives.asm").read_bytes().replace(b"NAMELESS", name.encode())
        path = tmp_path / name
        path.write_bytes(program.ljust(4 << 20, b"\0"))
        return path

    lab.web()
    lab.dhcp()
    urls = {name: lab.file(f"{name}.img", named(name)) for name in ("HTTPDSK1", "HTTPDSK2")}
    iqn = lab.iscsi().add(named("ISCSIDSK"))
    cd = lab.file("x.iso", probe_cd)
    machine = boot(None, f"""#!ipxe
dhcp
sanhook --drive 0x82 {urls["HTTPDSK1"]}
sanhook --drive 0xe0 {cd}
sanhook --drive 0x80 iscsi:192.0.2.1:::1:{iqn}
sanboot --keep --drive 0x80 ||
sanunhook --drive 0x82
sanboot --keep --drive 0x80 ||
sanhook --drive 0x81 {urls["HTTPDSK2"]}
sanunhook --drive 0x80
sanboot --keep --drive 0x81 ||
sanunhook --drive 0xe0
sanunhook --drive 0x81
sanboot --drive 0x80 || echo script-goes-on
shell
""", disks=[named("LOCALDS1"), named("LOCALDS2")])
    for expected in [
        # The CD has no sectors of 512 bytes to read by CHS.
        "from=80 80:ISCSIDSK 81:LOCALDS2 82:HTTPDSK1 83:LOCALDS1 e0:none count=0404",
        "from=80 80:ISCSIDSK 81:LOCALDS2 82:LOCALDS1 83:none e0:none count=0303",
        "from=81 80:LOCALDS1 81:HTTPDSK2 82:LOCALDS2 83:none e0:none count=0303",
        "from=80 80:LOCALDS1 81:LOCALDS2 82:none 83:none e0:none count=0202",
    ]:
        machine.program.wait_for(f"DRIVES {expected}", 60, fail="script-goes-on")
    machine.wait_for("script-goes-on", 20)
