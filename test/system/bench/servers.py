"""The servers around a machine: dnsmasq, nginx and atftpd, in the foreground."""

import socket

from .process import wait_until

SERVER = "192.0.2.1"


def listens(lab, port, udp=False):
    """True when something in the lab's namespace listens on a port."""
    table = lab.net.run("cat", "/proc/net/udp" if udp else "/proc/net/tcp")
    return any(f":{port:04X} " in line.split(" rem")[0][:30] for line in table.splitlines())


class Dnsmasq:
    """DHCP, DNS and TFTP on 192.0.2.1, leases from 192.0.2.100 on."""

    READY = "sockets bound exclusively"

    def __init__(self, lab, options, tftp=True, gateway=True, boot_file=None, bridge="br0",
                 server=SERVER):
        self.lab = lab
        self.name = "dnsmasq" if bridge == "br0" else f"dnsmasq-{bridge}"
        self.leases = lab.run_dir / f"leases-{bridge}"
        net = server.rsplit(".", 1)[0]
        argv = [
            "dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null",
            # A change of user or group would lose the death signal that process.py asks for.
            "--user=root", "--group=root", "--no-resolv", "--no-hosts", "--bind-interfaces",
            f"--interface={bridge}", "--except-interface=lo", "--log-dhcp",
            "--log-facility=-", "--log-queries", "--no-ping",
            f"--pid-file={lab.run_dir}/{self.name}.pid",
            f"--dhcp-leasefile={self.leases}",
            f"--dhcp-range={net}.100,{net}.200,255.255.255.0,1h",
            "--dhcp-authoritative", "--domain=lab.example",
            f"--address=/server.lab.example/{server}",
        ]
        if tftp:
            argv += ["--enable-tftp", f"--tftp-root={lab.root}"]
        if not gateway:
            argv += ["--dhcp-option=3"]
        if boot_file:
            argv += [f"--dhcp-boot={boot_file}"]
        argv += list(options)
        before = self.log().count(self.READY)
        self.process = lab.net.start(self.name, *argv)
        wait_until(lambda: self.log().count(self.READY) > before, 10, self.name)

    def log(self):
        """Everything that dnsmasq said so far."""
        path = self.lab.log_dir / f"{self.name}.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def stop(self):
        """Takes the DHCP server off the network."""
        self.lab.net.stop(self.process)


NGINX_CONF = """
daemon off;
master_process off;
{user}
pid {run}/nginx.pid;
error_log {logs}/nginx-error.log;
events {{ worker_connections 64; }}
http {{
    access_log {logs}/access.log;
    client_body_temp_path {run}/body;
    proxy_temp_path {run}/proxy;
    fastcgi_temp_path {run}/fastcgi;
    uwsgi_temp_path {run}/uwsgi;
    scgi_temp_path {run}/scgi;
    sendfile on;
    tcp_nopush on;
    default_type application/octet-stream;
    server {{
        listen {server}:80;
        root {root};
        {extra}
    }}
}}
"""


class Nginx:
    """HTTP on port 80 of 192.0.2.1, serving the lab's root."""

    def __init__(self, lab, extra):
        self.lab = lab
        conf = lab.run_dir / "nginx.conf"
        conf.write_text(
            NGINX_CONF.format(
                user="user root;",
                run=lab.run_dir,
                logs=lab.log_dir,
                root=lab.root,
                server=SERVER,
                extra=extra,
            )
        )
        self.argv = ["nginx", "-c", conf, "-p", lab.run_dir]
        self.start()

    def start(self):
        """Starts the server; it also restarts one that was killed."""
        self.process = self.lab.net.start("nginx", *self.argv)
        wait_until(lambda: listens(self.lab, 80), 10, "nginx")

    def kill(self):
        """The server dies in the middle of what it is doing."""
        self.lab.net.kill(self.process)

    def requests(self):
        """The access log, one string per request."""
        return (self.lab.log_dir / "access.log").read_text().splitlines()


class Atftpd:
    """A TFTP server on port 69 that supports windowsize."""

    def __init__(self, lab, options):
        self.process = lab.net.start(
            "atftpd", "atftpd", "--daemon", "--no-fork", "--logfile", "-",
            "--user", "root.root", "--bind-address", SERVER, *options, lab.root,
        )
        wait_until(lambda: listens(lab, 69, udp=True), 10, "atftpd")


def free_port():
    """A TCP port that nothing on this host uses right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
