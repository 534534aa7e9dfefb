"""`make run`: the main job on this machine, in a private network, on this terminal.

Starts dnsmasq, nginx and an iSCSI target in a namespace of its own and boots the
image in QEMU to a menu whose first entry boots a small disk from the target.
Ctrl-A X ends QEMU; everything else ends with it, as it does when the terminal goes away.
"""

import os
import select
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "system"))

from bench.cache import assembled  # noqa: E402
from bench.config import ACCEL, IMAGE  # noqa: E402
from bench.lab import SERVER, Lab  # noqa: E402

MENU = """#!ipxe
dhcp || shell
:menu
echo
echo 1  boot the small disk from the iSCSI target
echo 2  fetch a file over HTTP
echo 3  shell
echo 4  back to the BIOS
clear choice
echo -n Choose, then Enter (alone: 1):${{space:string}}
read choice
isset ${{choice}} || set choice 1
iseq ${{choice}} 1 && sanboot {path} ||
iseq ${{choice}} 2 && imgfetch --name hello.txt http://{server}/hello.txt && imgstat ||
iseq ${{choice}} 3 && shell ||
iseq ${{choice}} 4 && exit ||
goto menu
"""


def ended(number, _frame):
    """`kill`, or the shell that ends: leave by way of the clean-up."""
    sys.exit(128 + number)


def run(command):
    """Runs QEMU to its end, or to that of the terminal: make does not pass that on."""
    terminal = select.poll()
    if os.isatty(0):
        terminal.register(0, 0)
    with subprocess.Popen(command) as machine:
        try:
            while machine.poll() is None:
                if terminal.poll(200):
                    sys.exit("the terminal is gone")
            return machine.returncode
        finally:
            machine.terminate()  # not kill(): QEMU must give the terminal its modes back


def main():
    signal.signal(signal.SIGHUP, ended)
    signal.signal(signal.SIGTERM, ended)
    with tempfile.TemporaryDirectory() as logs:
        lab = Lab(logs)
        try:
            lab.dhcp()
            lab.web()
            lab.file("hello.txt", "Hello over HTTP\n" * 100000)
            disk = Path(logs) / "disk.img"
            disk.write_bytes(assembled("hello.asm").read_bytes().ljust(1 << 20, b"\0"))
            iqn = lab.iscsi().add(disk)
            script = Path(logs) / "menu.ipxe"
            script.write_text(MENU.format(path=f"iscsi:{SERVER}:::1:{iqn}", server=SERVER))
            command = [
                "qemu-system-x86_64", "-accel", ACCEL, "-m", "256", "-nographic",
                "-machine", "pc,graphics=off", "-kernel", IMAGE, "-append", "space:hex=20", "-initrd", script,
                "-netdev", f"tap,id=n0,ifname={lab.tap()},script=no,downscript=no",
                "-device", "virtio-net-pci,netdev=n0,romfile=",
            ]
            print("Ctrl-A X ends QEMU.")
            return run(lab.net.command(command))
        finally:
            lab.close()


sys.exit(main())
