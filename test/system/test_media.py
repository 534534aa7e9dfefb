"""Files on the machine's own media: autoexec.ipxe, and file: addresses, through the BIOS."""

import hashlib
import random
import subprocess

import pytest

from bench import media
from bench.flat import linux, rotating_sum, wait_report
from bench.machine import Config, Machine

pytestmark = pytest.mark.ours

# The first script finds the second by a relative address, and that one its files by absolute ones.
AUTOEXEC = b"#!ipxe\necho first ${cwuri}\nchain scripts/Second%20Script.ipxe\n"


def content(seed, size):
    return random.Random(seed).randbytes(size)


def sums(machine, files):
    """The sums that sha256sum prints are those of the files."""
    for data in files:
        machine.wait_for(hashlib.sha256(data).hexdigest(), 60, fail="went-wrong")


def test_isolinux_cd(lab, tmp_path):
    """autoexec.ipxe on a CD boots a kernel from it; the disk beside it is left alone."""
    disk = tmp_path / "disk.img"
    disk.write_bytes(bytes(1 << 20))
    second = (b"#!ipxe\necho second ${cwuri}\nkernel /boot/linux from=file\n"
              b"initrd file:/boot/initrd.bin data.bin\nboot || echo went-wrong\n")
    data = content(5, 4_000_000)
    iso = media.isolinux_iso(tmp_path, files={
        "autoexec.ipxe": AUTOEXEC, "scripts/Second Script.ipxe": second,
        "boot/linux": linux(0x207).read_bytes(), "boot/initrd.bin": data})
    machine = Machine(lab, Config(cdrom=iso, boot="d", disks=[disk]))
    machine.wait_for(r"Script: file://0xe0/autoexec\.ipxe", 60)
    machine.wait_for(r"first file://0xe0/autoexec\.ipxe", 20)
    machine.wait_for(r"second file://0xe0/scripts/Second%20Script\.ipxe", 20)
    said = wait_report(machine)
    assert said.one("linux")["cmdline"] == "from=file"
    assert said.one("member") == {"name": "data.bin", "size": len(data), "sum": rotating_sum(data)}


@pytest.mark.parametrize("hybrid", [False, True], ids=["fat", "iso"])
def test_stick(lab, tmp_path, hybrid):
    """The same from a stick: SYSLINUX on FAT, and a hybrid ISO."""
    data = content(1, 300_000)
    files = {"autoexec.ipxe": AUTOEXEC, "files/Data of a long name.bin": data,
             "scripts/Second Script.ipxe":
             b"#!ipxe\nsha256sum ../files/Data%20of%20a%20long%20name.bin || echo went-wrong\nshell\n"}
    make = media.isolinux_iso if hybrid else media.syslinux_stick
    machine = Machine(lab, Config(usb=make(tmp_path, files=files)))
    machine.wait_for(r"Script: file://0x80/autoexec\.ipxe", 60)
    sums(machine, [data])


def partitioned(path, table, size_mb, kind, start, files):
    """A disk with a FAT file system in the partition at a sector."""
    with open(path, "wb") as out:
        out.truncate(size_mb << 20)
    subprocess.run(["sfdisk", "-q", path], input=table, text=True, check=True)
    subprocess.run(["mkfs.fat", "-F", kind, "--offset", str(start), path,
                    str((size_mb << 10) - start // 2 - 64)], check=True, capture_output=True)
    media.fat_copy(path, files, start * 512)
    return path


def test_partitions_and_floppy(lab, boot, tmp_path):
    """FAT12 on a floppy disk, FAT16 in a logical partition, FAT32 in one of GPT; and what fails."""
    data = [content(seed, size) for seed, size in ((2, 70_000), (3, 3_000_000), (4, 5_000_000))]
    floppy = tmp_path / "floppy.img"
    floppy.write_bytes(bytes(1440 << 10))
    subprocess.run(["mkfs.fat", floppy], check=True, capture_output=True)
    media.fat_copy(floppy, {"SHORT.BIN": data[0]})
    logical = partitioned(tmp_path / "logical.img", "label: dos\nstart=2048,size=2048,type=83\n"
                          "start=8192,type=5\nstart=10240,type=6\n", 40, "16", 10240,
                          {"deep/down/under/file.bin": data[1]})
    gpt = partitioned(tmp_path / "gpt.img", "label: gpt\nstart=2048,size=2048\nstart=4096\n", 80, "32",
                      4096, {"\u00dcber/file.bin": data[2]})
    machine = boot(None, """#!ipxe
sha256sum file://0/short.bin || echo went-wrong
sha256sum file:///deep/down/under/file.bin || echo went-wrong
sha256sum file://0x81/%C3%9Cber/file.bin || echo went-wrong
imgfetch file:///nothing || echo answer-1 ${error}
imgfetch file://0x82/nothing || echo answer-2 ${error}
imgfetch file://0x80/nothing || echo answer-3 ${error}
imgfetch file://label/nothing || echo answer-4 ${error}
shell
""", disks=[logical, gpt], extra=["-drive", f"if=floppy,format=raw,file={floppy}"])
    sums(machine, data)
    machine.wait_for("answer-1 file:///nothing: no such file on drive 0x81 0x00 0x80", 20)
    machine.wait_for("answer-2 file://0x82/nothing: not found on drive 0x82; the BIOS has", 20)
    machine.wait_for("answer-3 file://0x80/nothing: no such file on drive 0x80\n", 20)
    machine.wait_for('answer-4 file://label/nothing: "label" is not a drive', 20)
