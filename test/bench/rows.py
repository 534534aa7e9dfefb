"""What is measured: one class a kind of work, one object a row of the table.

A row prepares its servers in a lab of its own, and boots an image once per run;
that boot gives one sample or several. Both images get the same commands.
"""

import os
import re
from pathlib import Path

from bench.lab import SERVER
from bench.machine import Config, Machine, Nic
from bench.realmode import BENCHMARK, END_HALT, Int13Disk
from sample import Stopwatch

MB = 1000000
PROMPT = "BENCH-FAILED"
# A fixed address: Debian's image needs 16 s for `dhcp`, which has a row of its own.
NETWORK = ("ifopen net0\nset net0/ip 192.0.2.50\nset net0/netmask 255.255.255.0\n")


class Row:
    """A line of the table. Higher is better unless `unit` is seconds."""

    unit = "MB/s"
    deadline = 60

    def __init__(self, name, title, card, target):
        self.name, self.title, self.card, self.target = name, title, card, target

    def prepare(self, lab, scale):
        """Starts servers and makes files; scale shrinks the work."""

    def script(self, ours):
        """The commands that the image runs."""
        raise NotImplementedError

    def measure(self, machine, ours):
        """Follows one boot; returns its samples."""
        raise NotImplementedError

    def run(self, lab, image, ours):
        """Boots an image once."""
        script = lab.run_dir / f"script{len(lab.machines)}.ipxe"
        script.write_text(f"#!ipxe\n{self.script(ours)}\n:failed\necho {PROMPT}\nshell\n")
        machine = Machine(lab, Config(kernel=image, initrd=script, nics=[Nic(self.card)]))
        try:
            return self.measure(machine, ours)
        except AssertionError as problem:
            tail = " / ".join(machine.serial.text.split("\n")[-6:])
            raise RuntimeError(f"{'ours' if ours else 'peer'}: {problem}; {tail}") from problem
        finally:
            machine.close()

    def wait(self, machine, pattern):
        """Waits for a marker on the console."""
        return machine.wait_for(pattern, self.deadline, fail=f"{PROMPT}\n")


class Download(Row):
    """A file fetched several times in one boot."""

    def __init__(self, name, title, card, target, url, size, server):
        super().__init__(name, title, card, target)
        self.url, self.full_size, self.server = url, size, server
        self.times = 3
        self.size = size

    def prepare(self, lab, scale):
        self.size = self.full_size // scale
        path = lab.root / "file"
        path.write_bytes(os.urandom(self.size))
        self.server(lab)

    def script(self, ours):
        fetch = "".join(
            f"echo BEGIN-{n}\nimgfetch --name file {self.url} || goto failed\n"
            f"echo END-{n}\nimgfree file\n" for n in range(self.times))
        return NETWORK + fetch + "echo FINISHED\nshell\n"

    def measure(self, machine, ours):
        watch = Stopwatch(machine)
        samples = []
        for n in range(self.times):
            self.wait(machine, f"BEGIN-{n}\n")
            watch.start()
            self.wait(machine, f"END-{n}\n")
            samples.append(watch.stop(self.size / MB))
        return samples


class DiskCalls(Row):
    """A phase of the real-mode program test/payload/int13.asm on an iSCSI disk."""

    READS = ("read127", "read1", "random")
    # Phase: its bit, and its share of read_count in units of the row.
    PHASES = {
        "read127": (0, 512 / MB),
        "read1": (1, 1 / 16),
        "random": (2, 1 / 128),
        "write127": (3, 512 / 4 / MB),
        "write8": (4, 1 / 16 / 8),
    }

    def __init__(self, name, title, card, target, phase, ours, peer):
        super().__init__(name, title, card, target)
        self.phase = phase
        self.unit = "MB/s" if phase.endswith("127") else "calls/s"
        self.counts = {True: ours, False: peer}
        self.iqn = {}

    def prepare(self, lab, scale):
        self.counts = {side: count // scale for side, count in self.counts.items()}
        server = lab.iscsi()
        bit, _ = self.PHASES[self.phase]
        for side, count in self.counts.items():
            sectors = 2048 + 2 * count
            disk = Int13Disk(Path(lab.log_dir) / f"disk{side:d}.img", mode=BENCHMARK,
                             ending=END_HALT, size_mb=sectors // 2048 + 1, read_lba=2048,
                             read_count=count, write_lba=2048 + count, phases=1 << bit)
            self.iqn[side] = server.add(disk.path, name=f"disk{side:d}")

    def script(self, ours):
        return f"{NETWORK}sanboot iscsi:{SERVER}:::1:{self.iqn[ours]} || goto failed\n"

    def measure(self, machine, ours):
        line = machine.program
        failed = f"{PROMPT}\n"
        line.wait_for(f"START {self.phase}\r?\n", self.deadline, fail=failed)
        watch = Stopwatch(machine)
        end = line.wait_for(rf"END {self.phase} (sum=\w+) cf=(\d) ah=\w+.*\n", self.deadline,
                            fail=failed)
        comparable = self.phase in self.READS and len(set(self.counts.values())) == 1
        sample = watch.stop(self.counts[ours] * self.PHASES[self.phase][1],
                            check=end.group(1) if comparable else "")
        if end.group(2) != "0":
            raise RuntimeError(f"{self.name}: {end.group(0).strip()}")
        return [sample]


class Start(Row):
    """From the BIOS's banner to the first line of a script."""

    unit = "s"

    def script(self, ours):
        return "echo FIRST-LINE\nshell\n"

    def measure(self, machine, ours):
        self.wait(machine, "SeaBIOS")
        watch = Stopwatch(machine)
        self.wait(machine, "FIRST-LINE\n")
        return [watch.stop(1)]


class Dhcp(Row):
    """The dhcp command, from a closed card to a configured one."""

    unit = "s"

    def prepare(self, lab, scale):
        lab.dhcp()

    def script(self, ours):
        return "echo BEGIN-DHCP\ndhcp || goto failed\necho END-DHCP\nshell\n"

    def measure(self, machine, ours):
        self.wait(machine, "BEGIN-DHCP\n")
        watch = Stopwatch(machine)
        self.wait(machine, "END-DHCP\n")
        return [watch.stop(1, idle=True)]


def nginx(lab):
    """HTTP."""
    lab.web()


def dnsmasq(lab):
    """TFTP, one block a round trip."""
    lab.dhcp()


def atftpd(lab):
    """TFTP with windows."""
    lab.tftp()


CARDS = (("virtio", "virtio-net"), ("e1000", "e1000"))
QEMU_CARD = {"virtio": "virtio", "e1000": "82540em"}

DOWNLOADS = (
    ("virtio", "virtio-net", "virtio", 2.5),
    ("e1000", "e1000", "82540em", 1.5),
    ("e1000e", "e1000e", "82574", 1.5),
    ("rtl8139", "rtl8139", "rtl8139", 7),
)

# Phase, what it is, targets on virtio-net and e1000, read_count of ours and of
# the peer: so much that neither runs longer than about 15 s.
DISK_ROWS = (
    ("read127", "INT 13h reads, 127 sectors", (4, 2), 262144, 262144),
    ("read1", "INT 13h reads, 1 sector", (5, 5), 262144, 262144),
    ("random", "random 4 KB reads", (2, 2), 262144, 262144),
    ("write127", "INT 13h writes, 127 sectors", (60, 60), 393216, 32768),
    ("write8", "INT 13h writes, 4 KB", (60, 60), 262144, 24576),
)


def all_rows():
    """Every row, in the order of the table."""
    rows = []
    for card, name, model, target in DOWNLOADS:
        rows.append(Download(f"http-{card}", f"HTTP 64 MB, {name}", model, target,
                             f"http://{SERVER}/file", 64 * MB, nginx))
    for phase, title, targets, ours, peer in DISK_ROWS:
        for (card, name), target in zip(CARDS, targets):
            rows.append(DiskCalls(f"{phase}-{card}", f"{title}, {name}", QEMU_CARD[card],
                                  target, phase, ours, peer))
    for server, target, start in (("dnsmasq", 2, dnsmasq), ("atftpd", 4, atftpd)):
        rows.append(Download(f"tftp-{server}", f"TFTP 32 MB, {server}, virtio-net", "virtio",
                             target, f"tftp://{SERVER}/file", 32 * MB, start))
    rows.append(Start("start", "start to the first script line", "virtio", 0.4))
    rows.append(Dhcp("dhcp", "dhcp to configured, virtio-net", "virtio", None))
    return rows


def chosen(patterns):
    """The rows whose names hold one of the patterns; all without any."""
    rows = all_rows()
    if not patterns:
        return rows
    return [row for row in rows if any(re.search(pattern, row.name) for pattern in patterns)]
