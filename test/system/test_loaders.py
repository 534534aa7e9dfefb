"""Every loader that people start a Linux kernel with, and every way to give a script.

Each loader starts the image with a command line, with a script as initrd, and
with both; the marker that the script prints shows that it ran.
"""

import pytest

from bench import media
from bench.config import IMAGE
from bench.machine import Config, Machine, Nic

CMDLINE = "echo from-cmdline ${net0/mac} && shell"
SCRIPT = "#!ipxe\necho from-script ${user-word} ${net0/mac}\nshell\n"
SETTINGS = "user-word=seeded"

WAYS = {
    "cmdline": (CMDLINE, None, "from-cmdline 52:54:00:12:34:56"),
    "script": (None, SCRIPT, "from-script +52:54:00:12:34:56"),
    "both": (SETTINGS, SCRIPT, "from-script seeded 52:54:00:12:34:56"),
}

# Debian's iPXE has no settings on its command line.
ways = pytest.mark.parametrize(
    "way",
    ["cmdline", "script", pytest.param("both", marks=pytest.mark.ours)],
)


def expect(machine, way):
    machine.wait_for(WAYS[way][2], 90, fail="No bootable device|not found on")


@ways
@pytest.mark.parametrize("model", ["pc", "q35"])
@pytest.mark.quick
def test_qemu_kernel(boot, model, way):
    append, script, _ = WAYS[way]
    expect(boot(append, script, machine=model), way)


@ways
def test_isolinux(lab, tmp_path, way):
    append, script, _ = WAYS[way]
    iso = media.isolinux_iso(tmp_path, append, script)
    expect(Machine(lab, Config(cdrom=iso, boot="d")), way)


@ways
def test_syslinux_stick(lab, tmp_path, way):
    append, script, _ = WAYS[way]
    stick = media.syslinux_stick(tmp_path, append, script)
    expect(Machine(lab, Config(usb=stick)), way)


@ways
@pytest.mark.parametrize("card", ["virtio", "82540em"])
def test_pxelinux(lab, card, way):
    append, script, _ = WAYS[way]
    lab.dhcp(boot_file=media.pxelinux_tree(lab.root, append, script))
    nic = Nic(card, pxe_rom=True, bootindex=0)
    expect(Machine(lab, Config(nics=[nic])), way)


@ways
@pytest.mark.parametrize(
    "command", ["linux16", pytest.param("linux", marks=pytest.mark.ours)]
)
def test_grub(lab, tmp_path, command, way):
    append, script, _ = WAYS[way]
    if append:
        # GRUB's own language knows these characters too.
        append = append.replace("${net0/mac}", "'${net0/mac}'").replace("&&", "'&&'")
    iso = media.grub_iso(tmp_path, command, append, script)
    expect(Machine(lab, Config(cdrom=iso, boot="d")), way)


@pytest.mark.ours
def test_hybrid_iso_as_stick(lab, tmp_path):
    iso = media.isolinux_iso(tmp_path, None, SCRIPT)
    expect(Machine(lab, Config(usb=iso)), "script")


@pytest.mark.ours
def test_efi_is_refused(lab, tmp_path):
    firmware = "/usr/share/OVMF/OVMF_CODE_4M.fd"
    iso = media.grub_iso(tmp_path, "linux", None, SCRIPT, efi=True)
    machine = Machine(lab, Config(cdrom=iso, firmware=firmware, machine="q35"))
    machine.wait_for("(?i)(needs|requires|without).*BIOS", 120)


@pytest.mark.ours
@pytest.mark.parametrize("memory", ["24", "64", "8192"])
def test_memory_sizes(boot, memory):
    machine = boot(None, "#!ipxe\necho alive-with\nshell\n", memory=memory)
    machine.wait_for("alive-with", 60)


@pytest.mark.ours
@pytest.mark.parametrize("first", ["\ufeff#!ipxe\r\n", "\r\n\r\n#!ipxe\r\n", "#!gpxe\n"])
def test_script_with_odd_beginnings(boot, first):
    machine = boot(None, first + "echo odd-but-fine\nshell\n")
    machine.wait_for("odd-but-fine", 60, fail="No bootable device")


@pytest.mark.ours
def test_quiet_leftovers_do_not_hide_the_script(boot):
    machine = boot("nosplash quiet net0/my-word=kept",
                   "#!ipxe\necho script-ran ${net0/my-word}\nshell\n")
    machine.wait_for("script-ran kept", 60)


@pytest.mark.ours
def test_long_command_line(boot):
    filler = " ".join(f"word{n}=value{n}" for n in range(90))
    machine = boot(filler + " -- echo long ${word0} ${word89} && shell", None)
    machine.wait_for("long value0 value89", 60)


def test_exit_goes_on_to_the_next_boot_device(boot):
    machine = boot(None, "#!ipxe\necho leaving-now\nexit\n")
    machine.wait_for("leaving-now")
    machine.wait_for("No bootable device|Boot failed|not a bootable", 60)


@pytest.mark.ours
def test_make_iso_starts(lab):
    iso = IMAGE.with_suffix(".iso")
    if not iso.exists():
        pytest.skip("make iso was not run")
    lab.dhcp()
    machine = Machine(lab, Config(cdrom=iso, boot="d"))
    machine.wait_for("net0", 90)
