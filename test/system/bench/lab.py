"""A private network: a namespace of its own with a bridge, taps and servers.

The namespace is held open by one idle process and is entered by that process's
pid, so it has no name that could clash, and it vanishes with the process.
Nothing in it reaches the outside.
"""

import os
import shutil
import tempfile
from pathlib import Path

from .process import ProcessGroup, wait_until
from .servers import Atftpd, Dnsmasq, Nginx
from .target import Tgtd

SERVER = "192.0.2.1"
NETWORK = "192.0.2.0/24"


class Lab:
    """The network of one test, with the servers that the test asks for."""

    def __init__(self, log_dir):
        self.log_dir = Path(log_dir)
        # Unix socket paths are limited to 107 bytes; pytest's own are longer.
        self.run_dir = Path(tempfile.mkdtemp(prefix="lab-"))
        self.host = ProcessGroup(self.log_dir)
        holder = self.host.start("namespace", "unshare", "--net", "sleep", "infinity")
        self.net = ProcessGroup(self.log_dir, holder.pid)
        own = os.readlink("/proc/self/ns/net")
        wait_until(
            lambda: os.readlink(f"/proc/{holder.pid}/ns/net") != own
            and Path(f"/proc/{holder.pid}/comm").read_text().strip() == "sleep",
            10,
            "the network namespace",
        )
        self.root = self.run_dir / "www"
        self.root.mkdir()
        self.dnsmasq = None
        self.machines = []
        self.taps = 0
        self._ip("link", "set", "lo", "up")
        self.network("br0", SERVER)

    def _ip(self, *args):
        self.net.run("ip", *args)

    def network(self, bridge, server):
        """Makes a network: a bridge, on which the server side has an address."""
        self._ip("link", "add", bridge, "type", "bridge")
        self._ip("addr", "add", f"{server}/24", "dev", bridge)
        self._ip("link", "set", bridge, "up")

    def add_address(self, address):
        """Gives the server side one more address, such as 198.51.100.1/24."""
        self._ip("addr", "add", address, "dev", "br0")

    def tap(self, bridge="br0", queues=1):
        """Makes a tap on a bridge and returns its name."""
        name = f"tap{self.taps}"
        self.taps += 1
        self._ip("tuntap", "add", name, "mode", "tap", *["multi_queue"] * (queues > 1))
        self._ip("link", "set", name, "master", bridge, "up")
        return name

    def file(self, name, content):
        """Offers a file over HTTP and TFTP."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, Path):
            path.unlink(missing_ok=True)
            path.symlink_to(content)
        elif isinstance(content, str):
            path.write_text(content)
        else:
            path.write_bytes(content)
        return f"http://{SERVER}/{name}"

    def dhcp(self, *options, **named):
        """Starts dnsmasq: DHCP, DNS, and TFTP unless tftp=False; bridge= and server= put it on
        another network than br0."""
        self.dnsmasq = Dnsmasq(self, options, **named)
        return self.dnsmasq

    def web(self, extra=""):
        """Starts nginx; extra is put into its server block."""
        return Nginx(self, extra)

    def tftp(self, *options):
        """Starts atftpd, which knows RFC 7440 windows."""
        return Atftpd(self, options)

    def iscsi(self):
        """Starts an iSCSI target daemon without targets."""
        return Tgtd(self)

    def close(self):
        """Ends every machine and server, and with them the namespace."""
        for machine in self.machines:
            machine.close()
        self.net.stop_all()
        self.host.stop_all()
        shutil.rmtree(self.run_dir, ignore_errors=True)
