"""The installation flows: a SAN disk is hooked, and something else is booted.

What boots next is a small Linux that reports EDD and iBFT. With keep-san it
must see BIOS drive 0x80 and the iBFT; without, no trace of either.
"""

import pytest

from bench.machine import Config, Machine
from bench.payload import kernel, probe_initrd, report_of
from bench.realmode import MemoryMap, memmap_disk

DISK_MB = 24
SECTORS = DISK_MB * 2048
CD_BOOTS = "Booting from DVD/CD"


@pytest.fixture
def blank(tmp_path):
    """A disk as it comes from the factory."""
    path = tmp_path / "blank.img"
    path.write_bytes(bytes(DISK_MB << 20))
    return path


def check_kept(report, iqn):
    assert report.ibft("target0/target-name") == iqn
    assert report.ibft("target0/ip-addr") == "192.0.2.1"
    assert report.ibft("ethernet0/mac") == "52:54:00:12:34:56"
    assert "int13_dev80" in report.edd_drives()
    assert report.edd("int13_dev80/sectors") == str(SECTORS)


def check_no_trace(report):
    assert not report.has_ibft()
    assert "int13_dev80" not in report.edd_drives()


def hook(iqn, *settings):
    """The script's beginning: an address, settings, and the hooked disk."""
    return ["#!ipxe", "dhcp", *settings, f"sanhook iscsi:192.0.2.1:::1:{iqn}"]


def kernel_lines(lab):
    """Offers the reporting Linux over HTTP; returns the lines that boot it."""
    lab.file("linux", kernel())
    lab.file("probe.gz", probe_initrd())
    lab.web()
    return ["kernel http://192.0.2.1/linux console=ttyS0,115200 from=http",
            "initrd http://192.0.2.1/probe.gz", "boot"]


KEEP = {
    "net0": (["set net0/keep-san 1"], None, []),
    "net0-skip": (["set net0/keep-san 1", "set net0/skip-san-boot 1"], None, []),
    "global": (["set keep-san 1"], None, []),
    "cmdline": ([], "net0/keep-san=1 net0/skip-san-boot=1", []),
    "cmdline-global": ([], "quiet keep-san=1", []),
    "dhcp": ([], None, ["--dhcp-option-force=encap:175,8,1b"]),
}
ours = pytest.mark.ours
ANY_KEEP = ["net0", "net0-skip", pytest.param("global", marks=ours), "dhcp",
            pytest.param("cmdline", marks=ours), pytest.param("cmdline-global", marks=ours)]


@pytest.mark.parametrize("keep", ANY_KEEP)
def test_exit_to_local_cd_with_keep_san(lab, boot, blank, probe_cd, keep):
    script, append, dhcp = KEEP[keep]
    iqn = lab.iscsi().add(blank)
    lab.dhcp(*dhcp)
    lines = hook(iqn, *script) + ["exit"]
    machine = boot(append, "\n".join(lines) + "\n", cdrom=probe_cd)
    machine.wait_for("Registered SAN device 0x80", 60)
    machine.wait_for(CD_BOOTS, 60)
    assert machine.has_ibft()
    check_kept(report_of(machine), iqn)


@pytest.mark.ours
def test_exit_to_local_cd_without_keep_san(lab, boot, blank, probe_cd):
    iqn = lab.iscsi().add(blank)
    lab.dhcp()
    machine = boot(None, "\n".join(hook(iqn) + ["exit"]) + "\n", cdrom=probe_cd)
    machine.wait_for("Registered SAN device 0x80", 60)
    machine.wait_for("(?i)keep-san", 30)
    machine.wait_for(CD_BOOTS, 60)
    assert not machine.has_ibft()
    check_no_trace(report_of(machine))


@pytest.mark.parametrize("keep", ["net0-skip", pytest.param("cmdline-global", marks=ours)])
def test_kernel_with_keep_san(lab, boot, blank, keep):
    script, append, dhcp = KEEP[keep]
    iqn = lab.iscsi().add(blank)
    lab.dhcp(*dhcp)
    lines = hook(iqn, *script) + kernel_lines(lab)
    machine = boot(append, "\n".join(lines) + "\n", memory="384")
    report = report_of(machine)
    check_kept(report, iqn)
    assert "from=http" in report.cmdline


@pytest.mark.ours
def test_kernel_without_keep_san(lab, boot, blank):
    iqn = lab.iscsi().add(blank)
    lab.dhcp()
    machine = boot(None, "\n".join(hook(iqn) + kernel_lines(lab)) + "\n", memory="384")
    machine.wait_for("Registered SAN device 0x80", 60)
    check_no_trace(report_of(machine))


@pytest.mark.parametrize("keep", ["net0", "dhcp", pytest.param("cmdline-global", marks=ours)])
def test_blank_disk_fails_and_is_preserved(lab, boot, blank, keep):
    """sanboot of a blank disk fails, the drive stays, the script boots an installer."""
    script, append, dhcp = KEEP[keep]
    iqn = lab.iscsi().add(blank)
    lab.dhcp(*dhcp)
    lines = ["#!ipxe", "dhcp", *script,
             f"sanboot iscsi:192.0.2.1:::1:{iqn} || echo script-goes-on"]
    machine = boot(append, "\n".join(lines + kernel_lines(lab)) + "\n", memory="384")
    machine.wait_for("Registered SAN device 0x80", 60)
    machine.wait_for("Boot from SAN device 0x80 failed", 60)
    machine.wait_for("Preserving SAN device 0x80", 30)
    machine.wait_for("script-goes-on", 30)
    check_kept(report_of(machine), iqn)


@pytest.mark.ours
def test_sanboot_skips_when_told(lab, boot, blank):
    iqn = lab.iscsi().add(blank)
    lab.dhcp(f"--dhcp-option-force=17,iscsi:192.0.2.1:::1:{iqn}",
             "--dhcp-option-force=encap:175,8,1b", "--dhcp-option-force=encap:175,9,1b")
    machine = boot(None, "#!ipxe\nautoboot || echo autoboot-over\nshell\n")
    machine.wait_for("Registered SAN device 0x80", 60)
    machine.wait_for("(?i)skipping boot from SAN device 0x80", 30)


@pytest.mark.ours
def test_autoboot_blank_root_path_then_cd(lab, boot, blank, probe_cd):
    """No script at all: root path and keep-san by DHCP, then the local CD."""
    iqn = lab.iscsi().add(blank)
    lab.dhcp(f"--dhcp-option-force=17,iscsi:192.0.2.1:::1:{iqn}",
             "--dhcp-option-force=encap:175,8,1b")
    machine = boot("on-fail=exit", None, cdrom=probe_cd)
    machine.wait_for("Registered SAN device 0x80", 90)
    machine.wait_for("Boot from SAN device 0x80 failed", 60)
    machine.wait_for(CD_BOOTS, 90)
    check_kept(report_of(machine), iqn)


@pytest.mark.ours
def test_unhook_leaves_no_trace(lab, boot, blank):
    iqn = lab.iscsi().add(blank)
    lab.dhcp()
    lines = hook(iqn) + ["echo hooked", "prompt", "sanunhook", "echo unhooked", "prompt"]
    machine = boot(None, "\n".join(lines + kernel_lines(lab)) + "\n", memory="384")
    machine.wait_for("hooked", 60)
    assert machine.has_ibft()
    machine.send(" ")
    machine.wait_for("unhooked", 30)
    machine.send(" ")
    check_no_trace(report_of(machine))


@pytest.mark.ours
def test_memory_map_comes_back(lab, boot, tmp_path):
    """After `exit` without a SAN the machine looks as if we had never run."""
    local = memmap_disk(tmp_path / "memmap.img")
    plain = Machine(lab, Config(disks=[local], nics=[]))
    plain.program.wait_for("MEMMAP-END", 60)
    before = MemoryMap(plain.program.text)
    lab.dhcp()
    machine = boot(None, "#!ipxe\ndhcp\nexit\n", disks=[local])
    machine.program.wait_for("MEMMAP-END", 90)
    after = MemoryMap(machine.program.text)
    assert after.base_kb == before.base_kb
    assert after.entries == before.entries
    assert (after.e801, after.int88) == (before.e801, before.int88)


@pytest.mark.parametrize("memory", [pytest.param("32", marks=ours), "256", "5120"])
def test_memory_answers_agree_while_a_disk_is_held(lab, boot, tmp_path, memory):
    iqn = lab.iscsi().add(memmap_disk(tmp_path / "memmap.img"))
    lab.dhcp()
    script = f"#!ipxe\ndhcp\nsanboot iscsi:192.0.2.1:::1:{iqn}\n"
    machine = boot(None, script, memory=memory)
    machine.program.wait_for("MEMMAP-END", 90)
    seen = MemoryMap(machine.program.text)
    # The base memory that INT 12h offers is RAM in E820's answer too.
    assert seen.base_kb * 1024 <= seen.base_end()
    first, second = seen.e801
    assert first + second * 64 <= seen.ram_from_1mb()
    assert seen.int88 <= seen.ram_from_1mb()
    # What the firmware itself reserved is still there: the ROM below 1 MB.
    assert any(kind == 2 and start + size == 0x100000 for start, size, kind in seen.entries)
    for one, other in zip(sorted(seen.entries), sorted(seen.entries)[1:]):
        assert one[0] + one[1] <= other[0], "entries overlap"
