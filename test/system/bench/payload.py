"""A Debian kernel and small initrds: one reports what the firmware left it, one reboots."""

import gzip
import os
import shutil
import subprocess
from pathlib import Path

from .cache import cached, digest
from .config import PAYLOAD

# Modules the initrds load, in this order; what they need comes with them.
CARDS = ["virtio_pci", "virtio_net", "e1000", "e1000e", "igb", "realtek", "r8169", "8139cp"]
MODULES = ["edd", "iscsi_ibft", *CARDS]


def kernel_package():
    """A folder with the unpacked kernel package of the host's own release."""

    def build(made, work):
        depends = subprocess.run(
            ["apt-cache", "depends", "linux-image-amd64"],
            check=True, capture_output=True, text=True,
        ).stdout
        name = next(
            line.split()[-1] for line in depends.splitlines() if "Depends: linux-image" in line
        )
        subprocess.run(["apt-get", "-q", "download", name], check=True, cwd=work)
        package = next(work.glob("*.deb"))
        subprocess.run(["dpkg-deb", "-x", package, made], check=True)

    return cached("kernel-1", build)


def kernel():
    """The path of a Debian vmlinuz."""
    return next((kernel_package() / "boot").glob("vmlinuz-*"))


def _module_files(root, names):
    """The files of modules with what they depend on, in loading order."""
    modules = next(root.glob("**/modules/*"))
    known = {}
    for path in modules.rglob("*.ko*"):
        known[path.name.split(".")[0].replace("-", "_")] = path

    def needs(path):
        said = subprocess.run(["modinfo", "-F", "depends", path],
                              check=True, capture_output=True, text=True).stdout
        return [name.replace("-", "_") for name in said.strip().split(",") if name]

    order = []

    def add(name):
        path = known.get(name)
        if path is None or path in order:
            return
        for other in needs(path):
            add(other)
        order.append(path)

    for name in names:
        add(name)
    return order


def cpio(folder):
    """A folder as an uncompressed newc archive."""
    names = "\n".join(
        str(path.relative_to(folder)) for path in sorted(folder.rglob("*"))
    )
    return subprocess.run(
        ["cpio", "--quiet", "-o", "-H", "newc", "-R", "0:0"],
        input=names.encode(), cwd=folder, check=True, capture_output=True,
    ).stdout


def _libraries(program):
    """The shared libraries of a program."""
    said = subprocess.run(["ldd", program], check=True, capture_output=True, text=True).stdout
    return [Path(word) for word in said.split() if word.startswith("/")]


def _initrd(init, modules, *others, programs=()):
    """An initrd with busybox, an init of test/payload, modules, other files, and programs of the
    host."""
    script = PAYLOAD / init

    def build(made, work):
        root = work / "root"
        for name in ("bin", "dev", "proc", "sys", "modules"):
            (root / name).mkdir(parents=True)
        shutil.copy(_busybox(), root / "bin" / "busybox")
        (root / "bin" / "sh").symlink_to("busybox")
        shutil.copy(script, root / "init")
        (root / "init").chmod(0o755)
        for path in others:
            shutil.copy(path, root / path.name)
        for program in programs:
            for path in [Path(program), *_libraries(program)]:
                (root / path.parent.relative_to("/")).mkdir(parents=True, exist_ok=True)
                shutil.copy(path, root / path.relative_to("/"))
        for number, path in enumerate(_module_files(kernel_package(), modules)):
            data = path.read_bytes()
            if path.suffix == ".xz":
                data = subprocess.run(["xz", "-dc"], input=data, check=True,
                                      capture_output=True).stdout
            (root / "modules" / f"{number:02}-{path.name.split('.')[0]}.ko").write_bytes(data)
        made.write_bytes(gzip.compress(cpio(root), 1, mtime=0))

    return cached(f"{init.removesuffix('-init')}-{digest(script, *others, __file__)}.gz", build)


def probe_initrd():
    """An initrd whose init prints command line, iBFT, EDD and memory map."""
    return _initrd("probe-init", MODULES, PAYLOAD / "report-tables")


def reboot_initrd():
    """An initrd whose init brings the first card up and reboots."""
    return _initrd("reboot-init", CARDS)


def dom0_initrd():
    """An initrd whose init says what hypervisor it runs under."""
    return _initrd("dom0-init", [])


def kexec_initrd():
    """An initrd whose init hands the machine to /ipxe.lkrn by kexec."""
    return _initrd("kexec-init", [], programs=["/sbin/kexec"])


def _busybox():
    for folder in os.environ["PATH"].split(":") + ["/bin", "/usr/bin"]:
        path = Path(folder) / "busybox"
        if path.exists():
            return path
    raise FileNotFoundError("busybox: install busybox-static (sh test/setup)")


class Report:
    """What the probe, or the Debian guest, printed: files and their content."""

    def __init__(self, text):
        self.files = {}
        body = text.split("PROBE-BEGIN", 1)[1].split("PROBE-END", 1)[0]
        for line in body.splitlines():
            name, found, value = line.partition("=")
            if found and name.startswith("@"):
                self.files[name[1:]] = value.strip()

    def ibft(self, name):
        """A field such as target0/ip-addr, or None."""
        return self.files.get(f"ibft/{name}")

    def downloads(self):
        """What the probe fetched over each card: {address of the card: sum}."""
        found = {}
        for name, value in self.files.items():
            if name.startswith("download/"):
                mac, _, total = value.partition(" ")
                found[mac] = total
        return found

    def has_ibft(self):
        """True when the kernel found an iBFT."""
        return any(name.startswith("ibft/") for name in self.files)

    def edd_drives(self):
        """The BIOS drives that EDD reports, such as int13_dev80."""
        return sorted({name.split("/")[1] for name in self.files if name.startswith("edd/")})

    def edd(self, name):
        """A field such as int13_dev80/sectors, or None."""
        return self.files.get(f"edd/{name}")

    def ram(self):
        """The kernel's System RAM ranges as (first, last) pairs."""
        return [
            tuple(int(part, 16) for part in value.split("-"))
            for name, value in self.files.items() if name.startswith("ram/")
        ]

    @property
    def cmdline(self):
        """The kernel's command line."""
        return self.files.get("cmdline", "")


def report_of(machine, fail="Kernel panic|No bootable device", timeout=60):
    """Waits for the reporting Linux and returns what it saw; timeout is for the report alone."""
    begin = machine.wait_for("PROBE-BEGIN", 120, fail=fail)
    machine.wait_for("PROBE-END", timeout)
    return Report(machine.serial.text[begin.start() :])
