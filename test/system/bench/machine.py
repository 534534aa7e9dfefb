"""A QEMU machine: its devices, its serial console and its monitor."""

import json
import signal
import subprocess
import time
from dataclasses import dataclass, field
from functools import cache

from . import r8169
from .config import ACCEL, IMAGE, SLOW
from .port import Port
from .qtest import Qtest
from .serial import Serial

PCI_NICS = {
    "virtio": "virtio-net-pci",
    "virtio-modern": "virtio-net-pci,disable-legacy=on",
    "virtio-legacy": "virtio-net-pci,disable-modern=on",
    "82545em": "e1000-82545em",
    "82544gc": "e1000-82544gc",
    "82540em": "e1000",
    "82574": "e1000e",
    "rtl8139": "rtl8139",
    "82576": "igb",
}


@cache
def qemu_has(device):
    """True when the installed QEMU has a device."""
    known = subprocess.run(["qemu-system-x86_64", "-device", "help"], check=True,
                           capture_output=True, text=True).stdout
    return f'name "{device}"' in known


@dataclass
class Nic:
    """One network card; wire is None for a plain tap on a bridge of the lab.

    A model of bench.r8169.CHIPS is a card of test/r8169; left is the state that
    a previous system left it in, such as "armed+phy-off".
    """

    model: str = "virtio"
    mac: str = "52:54:00:12:34:56"
    addr: str = ""
    pxe_rom: bool = False
    props: str = ""
    wire: object = None
    bridge: str = "br0"
    cable: bool = True
    bootindex: int = -1
    left: str = ""
    queues: int = 1


@dataclass
class Config:
    """What a machine is made of."""

    kernel: object = None
    append: str = None
    initrd: object = None
    cdrom: object = None
    disks: list = field(default_factory=list)
    usb: object = None
    nics: list = field(default_factory=lambda: [Nic()])
    memory: str = "256"
    machine: str = "pc"
    boot: str = ""
    firmware: object = None
    before: list = field(default_factory=list)  # devices that others depend on
    redirect: bool = True  # the BIOS copies its screen to COM1
    video: bool = True
    extra: list = field(default_factory=list)
    qtest: bool = False


class Machine:
    """Runs a Config in a lab.

    COM1 (serial) is the console of the BIOS, the firmware and the guest. COM2
    (program) is for real-mode programs alone: what they print would mix with
    the escape sequences that the BIOS sends to COM1 at timer ticks.
    """

    def __init__(self, lab, config, name="machine"):
        self.lab = lab
        self.config = config
        number = len(lab.machines)
        base = self.name = f"{name}{number}"
        self.serial = Serial(lab.run_dir / f"{base}.serial", lab.log_dir / f"{base}.txt")
        self.program = Serial(lab.run_dir / f"{base}.com2", lab.log_dir / f"{base}-program.txt")
        # Each is read along with the other: a line that nobody reads stops the guest.
        self.program.companion = self.serial
        self.serial.companion = self.program
        self.monitor = Monitor(lab.run_dir / f"{base}.qmp")
        self.qtest = Qtest(lab.run_dir / f"{base}.qtest") if config.qtest else None
        lab.machines.append(self)
        self.process = lab.net.start(base, *self._command())
        if self._unplugged():
            self.monitor.command("query-status")  # by now a model of test/r8169 takes signals
            for index in self._unplugged():
                self.link(False, index)
            self.monitor.command("cont")
        self.wait_for = self.serial.wait_for
        self.wait_end = self.serial.wait_end
        self.send = self.serial.send

    def wait_until(self, condition, what, timeout=60):
        """Waits for what is seen elsewhere; the console is read meanwhile, a full line stops QEMU."""
        end = time.monotonic() + timeout * SLOW
        while not condition():
            if time.monotonic() > end or self.serial.closed:
                raise AssertionError(f"never saw {what}")
            self.serial.poll(0.05)

    def _unplugged(self):
        return [index for index, nic in enumerate(self.config.nics) if not nic.cable]

    def _command(self):
        c = self.config
        realtek = [nic for nic in c.nics if nic.model in r8169.CHIPS]
        argv = r8169.command(self.lab, realtek) if realtek else []
        argv += [
            "qemu-system-x86_64", "-accel", ACCEL, "-nodefaults", "-no-user-config",
            "-display", "none", "-machine", c.machine + (",graphics=off" if c.redirect else ""),
            "-m", c.memory, "-device", "isa-debug-exit,iobase=0xf4,iosize=4",
            "-chardev", f"socket,id=ser,path={self.serial.path}",
            "-serial", "chardev:ser",
            "-chardev", f"socket,id=com2,path={self.program.path}",
            "-serial", "chardev:com2",
            "-chardev", f"socket,id=mon,path={self.monitor.path}",
            "-mon", "chardev=mon,mode=control",
        ]
        argv += c.before
        if c.firmware:
            argv += ["-drive", f"if=pflash,format=raw,readonly=on,file={c.firmware}"]
        elif c.video:
            argv += ["-device", "VGA"]
        if c.kernel:
            argv += ["-kernel", c.kernel]
        if c.append is not None:
            argv += ["-append", c.append]
        if c.initrd:
            argv += ["-initrd", c.initrd]
        if c.cdrom:
            argv += ["-drive", f"if=none,id=cd,media=cdrom,readonly=on,format=raw,file={c.cdrom}",
                     "-device", "ide-cd,drive=cd,bus=ide.1"]
        for index, disk in enumerate(c.disks):
            argv += ["-drive", f"if=ide,index={index},format=raw,file={disk}"]
        if c.usb:
            argv += ["-device", "qemu-xhci", "-drive", f"if=none,id=usb,format=raw,file={c.usb}",
                     "-device", "usb-storage,drive=usb,bootindex=0"]
        if realtek:
            argv += ["-object", f"memory-backend-memfd,id=ram,size={c.memory}M,share=on",
                     "-machine", "memory-backend=ram"]
        for index, nic in enumerate(c.nics):
            if nic not in realtek:
                argv += self._nic(index, nic)
        if self._unplugged():
            argv.append("-S")
        if c.boot:
            argv += ["-boot", c.boot]
        if self.qtest:
            argv += self.qtest.arguments()
        return argv + list(c.extra)

    def _nic(self, index, nic):
        if nic.wire:
            backend = nic.wire.netdev(f"n{index}")
        else:
            tap = self.lab.tap(nic.bridge, nic.queues)
            backend = f"tap,id=n{index},ifname={tap},script=no,downscript=no"
            if nic.queues > 1:
                backend += f",queues={nic.queues}"
        device = f"{PCI_NICS.get(nic.model, nic.model)},id=nic{index},netdev=n{index}"
        device += f",mac={nic.mac}"
        if not nic.pxe_rom:
            device += ",romfile="
        if nic.addr:
            device += f",addr={nic.addr}"
        if nic.bootindex >= 0:
            device += f",bootindex={nic.bootindex}"
        if nic.props:
            device += "," + nic.props
        return ["-netdev", backend, "-device", device]

    def link(self, up, nic=0):
        """Plugs or unplugs a network cable; with cards of test/r8169, those of all of them."""
        if self.config.nics[nic].model in r8169.CHIPS:
            self.process.send_signal(signal.SIGUSR2 if up else signal.SIGUSR1)
            return
        self.monitor.command("set_link", name=f"nic{nic}", up=up)

    def memory(self, address, size):
        """Reads guest physical memory."""
        path = self.lab.run_dir / "memory.bin"
        self.monitor.command("pmemsave", val=address, size=size, filename=str(path))
        data = path.read_bytes()
        path.unlink()
        return data

    def hmp(self, line):
        """Runs a human monitor command."""
        return self.monitor.command("human-monitor-command", **{"command-line": line})

    def has_ibft(self):
        """True when an iBFT signature is where an OS would look for it."""
        area = self.memory(0x80000, 0x80000)
        return any(area[at : at + 4] == b"iBFT" for at in range(0, len(area), 16))

    def cpu_seconds(self):
        """Processor time that the QEMU process has used."""
        fields = open(f"/proc/{self.process.pid}/stat").read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / 100

    def mistakes(self):
        """What the RTL8169 model found wrong with its drivers so far."""
        return r8169.mistakes((self.lab.log_dir / f"{self.name}.log").read_text(errors="replace"))

    def exit_code(self):
        """QEMU's exit status, once wait_end() returned."""
        return self.process.wait(10)

    def close(self):
        """Ends the machine and its lines; the transcript stays."""
        if self.process.poll() is None and not self.serial.closed:
            self.serial.drain(0)
        if self.process.poll() is None:
            self.lab.net.kill(self.process)
        self.serial.close()
        self.program.close()
        self.monitor.close()
        if self.qtest:
            self.qtest.close()


class Monitor(Port):
    """QEMU's machine protocol."""

    def command(self, name, /, **arguments):
        """Runs one command and returns its result."""
        if self.connect():
            self.lines.readline()
            self._ask("qmp_capabilities", {})
        return self._ask(name, arguments)

    def _ask(self, name, arguments):
        self.write(json.dumps({"execute": name, "arguments": arguments}))
        while True:
            answer = json.loads(self.lines.readline())
            if "error" in answer:
                raise RuntimeError(f"{name}: {answer['error']['desc']}")
            if "return" in answer:
                return answer["return"]


def firmware(lab, append=None, script=None, **options):
    """Starts the image under test by QEMU's own loader."""
    initrd = None
    if script is not None:
        initrd = lab.run_dir / f"script{len(lab.machines)}.ipxe"
        initrd.write_bytes(script if isinstance(script, bytes) else script.encode())
    return Machine(lab, Config(kernel=IMAGE, append=append, initrd=initrd, **options))
