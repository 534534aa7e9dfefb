"""Settings computed from a machine whose data is known, and the same script on Debian's iPXE."""

import re
from pathlib import Path

import pytest

from bench.config import IMAGE
from bench.machine import Config, Machine, Nic
from bench.payload import kernel, probe_initrd, report_of
from bench.servers import SERVER

pytestmark = pytest.mark.ours

CLASSIC = Path("/boot/ipxe.lkrn")
UUID = "00112233-4455-6677-8899-aabbccddeeff"
SMBIOS = [
    "-smbios", f"type=1,manufacturer=Acme,product=Rocket,serial=S123,uuid={UUID}",
    "-smbios", "type=2,serial=BS7",
    "-smbios", "type=3,asset=AS99",
]

# What is written down here gives the same on both, character by character.
SAME = [
    "${net0/mac} ${net0/mac:hex} ${net0/mac:hexhyp} ${net0/mac:hexraw} ${net0/mac:base64}",
    "${net0/busloc} ${net0/busloc:busdevfn} ${net0/bustype} ${net0/busid} ${net0/busid:hexraw}",
    "${pci/${net0/busloc}.0.2} ${pci/${net0/busloc}.2.2} ${pci/${net0/busloc}.0.4}",
    "${pci/0x18.0x0.0x2} ${pci/24.0.2:uint16} ${pci/0x18.0.2:int16} ${pci/0x18.0.4:hex}",
    "<${pci/0x18.0.0}> <${pci/0x18.0}> ${pci/0xff.0.2} ${pci/0x18.10.1}",
    "${smbios/1.4.0} ${smbios/1.5.0} ${smbios/1.7.0} ${smbios/2.7.0} ${smbios/3.8.0}",
    "${smbios/1.4.1} ${smbios/1.1.1:uint8} ${smbios/1.8.4} ${smbios/17.12.2:uint16}",
    "${smbios/1.0.1} ${smbios/1.0.2} ${smbios/1.0.4:hex} ${smbios/0.4.0}",
    "${smbios/0.1.5.0} <${smbios/1.1.4.0}> <${smbios/1.200.0}> <${smbios/200.4.0}> <${smbios/x}>",
    "${uuid} ${smbios/1.8.16} ${smbios/1.8.16:hexraw} ${uuid:hexraw} ${smbios/uuid}",
    "${manufacturer} ${product} ${serial} ${asset} ${board-serial} ${manufacturer:hex}",
    "${builtin/platform} ${platform} ${buildarch}",
    "<${net0/no-such}> <${no-such:hex}> <${mac:no-such}> <${/}> <${a/b/c}>",
]
# Rows of `show`, and stores; ours adds the source behind the value.
SAME_SHOWN = [
    "smbios/1.4.0", "smbios/1.8.16", "smbios/1.8.4", "uuid", "smbios/serial",
    "pci/${net0/busloc}.0.2",
    "n8", "n8:uint8", "w", "w:uint16", "u", "u:string", "b", "b:string", "six", "six:hex", "h:base64",
    "foo/x", "foo.bar/x", "net0/ip:hex", "175.8", "43.9:hex", "210", "210:hex", "z",
]
STORES = [
    "n8:int8 200", "w:hex 01:02", "u:uristring a%20b", "b:base64 aGVsbG8=",
    "six:ipv6 1:0:0:2:0:0:0:3", "h:hexraw 0102", "foo.bar/x y", "net0/ip 192.0.2.7", "175.8 1",
    "43.9:hex 01:02", "210:string /x", "z:uint32 0x10",
]


def rows(lab, image):
    """What a firmware says to SAME and SAME_SHOWN."""
    script = ["#!ipxe", "echo rows-begin"]
    script += [f"echo {number}: {row}" for number, row in enumerate(SAME)]
    script += [f"set {store} ||" for store in STORES] + ["inc z ||"]
    script += [f"show {name} ||" for name in SAME_SHOWN] + ["echo rows-end", "shell", ""]
    initrd = lab.run_dir / f"rows-{image.parent.name}.ipxe"
    initrd.write_text("\n".join(script))
    machine = Machine(lab, Config(kernel=image, initrd=initrd, nics=[Nic(addr="3")], extra=SMBIOS))
    machine.wait_for("rows-end", 60)
    said = machine.serial.text.split("rows-begin", 1)[1].split("rows-end", 1)[0]
    said = re.sub(r" \((script|hardware)\)$", "", said, flags=re.M)
    return re.sub(r"(?<=[^\n]{80})\n", "", said)


def test_same_as_classic(lab):
    """Numbers, strings and raw bytes of the machine read as they do in Debian's iPXE."""
    if not CLASSIC.exists():
        pytest.skip("Debian's package ipxe is not installed")
    ours, theirs = rows(lab, IMAGE), rows(lab, CLASSIC)
    assert ours.split("\n") == theirs.split("\n")
    assert f"{UUID} {UUID} 33221100554477668899aabbccddeeff" in ours
    assert "Acme Rocket S123 AS99 BS7 41:63:6d:65" in ours


def test_of_the_machine(lab, boot):
    """What Debian's iPXE does not have: processor, memory, ACPI, features, the clock."""
    machine = boot(None, "#!ipxe\n"
                   "echo mem ${memsize} region ${memmap/1.1} to ${memmap/1.3.20:int32}\n"
                   "echo cpu ${cpuvendor} / ${cpumodel} / ${cpuid/ebx.0} .\n"
                   "echo acpi ${acpi/FACP.0.4:string} ${acpi/FACP.10.6:string} ${acpi/APIC.0x24.4} .\n"
                   "echo board ${board-serial} system ${smbios/1.7.0} .\n"
                   "echo has <${feature/http}> <${feature/iscsi}> <${feature/gopher}> .\n"
                   "set unixtime 1000000000 && echo time ${unixtime}\n"
                   "clear unixtime && echo clock ${unixtime:int32}\n"
                   "set smbios/x y || echo refused ${error-code}\n"
                   ":scan\npciscan dev || goto scanned\n"
                   "iseq ${pci/${dev}.10.2} 0200 && echo card at ${dev} ||\ngoto scan\n"
                   ":scanned\necho all-said\nshell\n",
                   memory="512", nics=[Nic(addr="5")], machine="pc,smbios-entry-point-type=64",
                   extra=["-cpu", "Haswell,model-id=Test Processor,vendor=GenuineIntel", *SMBIOS])
    machine.wait_for("all-said", 60)
    said = machine.serial.text
    end = re.search(r"mem 512 region 0x100000 to (\d+)\n", said)
    assert 384 < int(end.group(1)) < 512
    assert "cpu GenuineIntel / Test Processor / 0x756e6547 .\n" in said
    assert "acpi FACP BOCHS  fee00000 .\n" in said
    assert "board BS7 system S123 .\n" in said
    assert "has <1> <1> <> .\n" in said
    assert "time 0x3b9aca0" in said
    assert int(re.search(r"clock (\d+)\n", said).group(1)) > 1700000000
    assert "refused E-SET-06\n" in said
    assert "card at 0000:00:05.0\n" in said


def test_address_for_the_kernel(lab, boot):
    """A static address typed in a script reaches the kernel in its own form."""
    lab.web()
    lab.file("linux", kernel())
    lab.file("initrd", probe_initrd())
    machine = boot("hostname=pc7", "#!ipxe\n"
                   "set net0/ip 192.0.2.50\nset net0/netmask 255.255.255.0\n"
                   "set net0/gateway 192.0.2.1\nset net0/dns 192.0.2.2\nifopen net0\n"
                   f"kernel http://{SERVER}/linux console=ttyS0 ${{net0/kernel-ip}} "
                   "BOOTIF=${net0/bootif}\n"
                   f"initrd http://{SERVER}/initrd\nboot\n", memory="384")
    report = report_of(machine)
    assert report.cmdline.split()[-2:] == [
        "ip=192.0.2.50::192.0.2.1:255.255.255.0:pc7::none:192.0.2.2",
        "BOOTIF=01-52-54-00-12-34-56",
    ]
