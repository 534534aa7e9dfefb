"""A minimal Debian on a disk image that boots from an iSCSI target.

MBR with GRUB's own boot code, one ext4 partition, and an initramfs that logs
in by what the iBFT says. Nothing is mounted: the file system is made from a
folder, and GRUB's two pieces are put where its MBR code expects them.
"""

import shutil
import subprocess
import sys
from pathlib import Path

from .cache import cached, digest
from .config import PAYLOAD

VERSION = 1
SECTOR = 512
PARTITION = 2048
SIZE_MB = 1200

PACKAGES = ("systemd-sysv,udev,kmod,open-iscsi,initramfs-tools,linux-image-amd64,"
            "zstd,iproute2,e2fsprogs")

MODULES = """virtio_pci virtio_net e1000 e1000e iscsi_tcp iscsi_ibft sd_mod
ext4 crc32c_generic crc32c_intel edd""".split()

GRUB_CFG = """serial --unit=0 --speed=115200
terminal_input serial
terminal_output serial
echo GRUB-RUNS
linux {kernel} root=LABEL=guest ro console=ttyS0,115200 iscsi_auto net.ifnames=0 \
systemd.show_status=0 quiet
echo GRUB-KERNEL-READ
initrd {initrd}
echo GRUB-INITRD-READ
boot
"""

CORE_CFG = "search --label --set=root guest\nset prefix=($root)/boot/grub\n"

UNIT = """[Unit]
Description=Report what the firmware handed over
After=basic.target

[Service]
Type=oneshot
ExecStart=/report
ExecStartPost=-/bin/systemctl --no-block poweroff
StandardOutput=tty
TTYPath=/dev/ttyS0

[Install]
WantedBy=multi-user.target
"""

REPORT = """#!/bin/sh
# Runs once the system is up: says where the root is, and what the iBFT holds.
. /report-tables
modprobe edd
root=$(findmnt -n -o SOURCE /)
disk=$(lsblk -n -o PKNAME "$root")
echo "PROBE-BEGIN"
echo "@root=$root"
echo "@transport=$(lsblk -d -n -o TRAN "/dev/$disk")"
report_tables
echo "written by the guest" >/proof && sync && echo "@write=ok"
echo "PROBE-END"
[ "$(lsblk -d -n -o TRAN "/dev/$disk")" = iscsi ] && echo "MARKER root-is-iscsi"
"""


def _suite():
    for line in Path("/etc/os-release").read_text().splitlines():
        if line.startswith("VERSION_CODENAME="):
            return line.partition("=")[2].strip('"')
    raise RuntimeError("/etc/os-release names no release")


def _customize(root):
    """Writes our own files into the guest's tree."""
    (root / "etc/initramfs-tools/modules").write_text("\n".join(MODULES) + "\n")
    (root / "etc/initramfs-tools/conf.d/test").write_text("MODULES=list\nCOMPRESS=zstd\n")
    (root / "etc/iscsi/iscsi.initramfs").write_text("ISCSI_AUTO=true\n")
    (root / "etc/fstab").write_text("LABEL=guest / ext4 defaults 0 1\n")
    (root / "etc/hostname").write_text("guest\n")
    (root / "etc/systemd/system/report.service").write_text(UNIT)
    shutil.copy(PAYLOAD / "report-tables", root / "report-tables")
    (root / "report").write_text(REPORT)
    (root / "report").chmod(0o755)
    wants = root / "etc/systemd/system/multi-user.target.wants"
    wants.mkdir(parents=True, exist_ok=True)
    (wants / "report.service").symlink_to("/etc/systemd/system/report.service")
    # The root's session must outlive everything else, and the rest only costs time.
    for unit in ("iscsid.service", "iscsid.socket", "open-iscsi.service", "apt-daily.timer",
                 "apt-daily-upgrade.timer", "dpkg-db-backup.timer", "fstrim.timer",
                 "e2scrub_all.timer", "e2scrub_reap.service", "getty@tty1.service",
                 "serial-getty@ttyS0.service", "systemd-timesyncd.service"):
        path = root / "etc/systemd/system" / unit
        path.unlink(missing_ok=True)
        path.symlink_to("/dev/null")


def _slim(root):
    """Drops what the guest never reads, so that copying the disk stays cheap."""
    for name in ("usr/share/doc", "usr/share/man", "usr/share/locale", "usr/share/zoneinfo",
                 "var/cache/apt", "var/lib/apt/lists", "usr/share/i18n"):
        shutil.rmtree(root / name, ignore_errors=True)
    for drivers in root.glob("**/lib/modules/*/kernel/drivers"):
        for name in ("gpu", "media", "infiniband", "staging", "usb", "iio", "hwmon"):
            shutil.rmtree(drivers / name, ignore_errors=True)


def _grub(disk, work):
    """Puts GRUB's boot code into the MBR and its core behind it."""
    lib = Path("/usr/lib/grub/i386-pc")
    config = work / "core.cfg"
    config.write_text(CORE_CFG)
    core = work / "core.img"
    subprocess.run(
        ["grub-mkimage", "-O", "i386-pc", "-o", core, "-c", config, "-p", "/boot/grub",
         "biosdisk", "part_msdos", "ext2", "search", "search_label", "normal", "linux",
         "serial", "echo", "terminal", "configfile", "test"],
        check=True,
    )
    if core.stat().st_size > (PARTITION - 1) * SECTOR:
        raise RuntimeError("GRUB's core does not fit before the first partition")
    with open(disk, "r+b") as image:
        image.write((lib / "boot.img").read_bytes()[:440])
        image.seek(SECTOR)
        image.write(core.read_bytes())


def debian_disk():
    """A disk image with a bootable Debian; copy it before a test writes to it."""
    sources = digest(__file__, PAYLOAD / "report-tables")

    def build(made, work):
        root = work / "root"
        hook = work / "customize"
        hook.write_text(
            "#!/bin/sh\nset -e\n"
            f'cd "{Path(__file__).resolve().parents[1]}"\n'
            f'{sys.executable} -c "import sys; from pathlib import Path; '
            'from bench import debian; debian._customize(Path(sys.argv[1]))" "$1"\n'
            'chroot "$1" update-initramfs -u -k all\n'
        )
        hook.chmod(0o755)
        subprocess.run(
            ["mmdebstrap", "--variant=minbase", f"--include={PACKAGES}",
             "--aptopt=Acquire::Languages \"none\"", f"--customize-hook={hook}",
             _suite(), root],
            check=True,
        )
        kernel = next((root / "boot").glob("vmlinuz-*")).name
        initrd = next((root / "boot").glob("initrd.img-*")).name
        (root / "boot/grub").mkdir(exist_ok=True)
        (root / "boot/grub/grub.cfg").write_text(
            GRUB_CFG.format(kernel=f"/boot/{kernel}", initrd=f"/boot/{initrd}")
        )
        _slim(root)
        with open(made, "wb") as image:
            image.truncate(SIZE_MB << 20)
        subprocess.run(["sfdisk", "--quiet", made], check=True, text=True,
                       input=f"label: dos\nstart={PARTITION}, type=83, bootable\n")
        subprocess.run(
            ["mke2fs", "-q", "-F", "-t", "ext4", "-L", "guest", "-d", root,
             "-O", "^metadata_csum_seed,^orphan_file", "-E", f"offset={PARTITION * SECTOR}",
             made, f"{(SIZE_MB - 2) * 1024}k"],
            check=True,
        )
        _grub(made, work)
        subprocess.run(["rm", "-rf", "--one-file-system", root], check=True)

    return cached(f"debian-{_suite()}-{VERSION}-{sources}.img", build)


def copy_disk(source, destination):
    """A private copy of a disk image, holes kept."""
    subprocess.run(["cp", "--sparse=always", "--reflink=auto", source, destination], check=True)
    return destination
