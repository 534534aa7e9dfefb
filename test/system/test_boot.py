"""Booting a kernel over the network, and the downloads that it takes."""

import hashlib

import pytest

from bench.machine import Nic
from bench.payload import kernel, probe_initrd, report_of
from bench.servers import SERVER
from bench.wire import BadWire

ours = pytest.mark.ours


def offer(lab):
    lab.file("linux", kernel())
    lab.file("probe.gz", probe_initrd())


def boot_lines(base, extra=""):
    return (f"kernel {base}/linux console=ttyS0,115200 word=\"a b\" last\n"
            f"initrd {base}/probe.gz\n{extra}boot\n")


@pytest.mark.quick
@pytest.mark.parametrize("card", ["virtio", "82540em", "82545em",
                                  pytest.param("virtio-modern", marks=ours),
                                  "virtio-legacy", "82574", "rtl8139"])
def test_kernel_by_http(lab, boot, card):
    offer(lab)
    web = lab.web()
    lab.dhcp()
    machine = boot(None, "#!ipxe\ndhcp\n" + boot_lines(f"http://{SERVER}"), memory="384",
                   nics=[Nic(card)])
    report = report_of(machine)
    assert report.cmdline.endswith('word="a b" last')
    assert not report.has_ibft()
    assert any("GET /linux HTTP/1.1" in line and '" 200 ' in line for line in web.requests())


@pytest.mark.parametrize("server", ["dnsmasq", "atftpd"])
def test_kernel_by_tftp(lab, boot, server):
    offer(lab)
    lab.dhcp(tftp=server == "dnsmasq")
    if server == "atftpd":
        lab.tftp()
    machine = boot(None, "#!ipxe\ndhcp\n" + boot_lines(f"tftp://{SERVER}"), memory="384")
    report_of(machine)


def test_names_come_from_dns(lab, boot):
    offer(lab)
    lab.web()
    lab.dhcp()
    machine = boot(None, "#!ipxe\ndhcp\n" + boot_lines("http://server.lab.example"),
                   memory="384")
    report_of(machine)


def test_chained_script_and_file_as_initrd_member(lab, boot):
    """chain runs a script; an image with a path becomes a file of the initrd."""
    offer(lab)
    data = bytes(range(256)) * 37
    lab.file("data.bin", data)
    lab.file("next.ipxe", "#!ipxe\n" + boot_lines(
        f"http://{SERVER}", f"initrd http://{SERVER}/data.bin /extra/data.bin mode=600 mkdir=1\n"))
    lab.web()
    lab.dhcp()
    machine = boot(None, f"#!ipxe\ndhcp\nchain http://{SERVER}/next.ipxe\n", memory="384")
    report = report_of(machine)
    if "extra/data.bin" not in report.files:
        pytest.skip("this build has no cpio wrapping with mkdir")
    assert report.files["extra/data.bin"] == hashlib.sha256(data).hexdigest()


@ours
def test_redirect_with_odd_query(lab, boot):
    lab.file("final.ipxe", "#!ipxe\necho redirected-here\nshell\n")
    web = lab.web("location = /start { return 302 /final.ipxe?sig=a%2Fb%2Bc==&x=1; }")
    lab.dhcp()
    machine = boot(None, f"#!ipxe\ndhcp\nchain http://{SERVER}/start\n")
    machine.wait_for("redirected-here", 60)
    assert any("/final.ipxe?sig=a%2Fb%2Bc==&x=1" in line for line in web.requests())


def test_basic_authentication(lab, boot):
    users = lab.run_dir / "users"
    users.write_text("ali:{PLAIN}opensesame\n")
    lab.file("secret/hello.ipxe", "#!ipxe\necho opened-by-password\nshell\n")
    lab.web(f'location /secret/ {{ auth_basic "cave"; auth_basic_user_file {users}; }}')
    lab.dhcp()
    machine = boot(None, "#!ipxe\ndhcp\n"
                   f"chain http://ali:wrong@{SERVER}/secret/hello.ipxe || echo refused-first\n"
                   f"chain http://ali:opensesame@{SERVER}/secret/hello.ipxe\n")
    machine.wait_for("refused-first", 60)
    machine.wait_for("opened-by-password", 60)


def test_missing_file_is_named(lab, boot):
    lab.web()
    lab.dhcp()
    machine = boot(None, f"#!ipxe\ndhcp\nimgfetch http://{SERVER}/nothing || echo went-on\nshell\n")
    machine.wait_for("(?i)not found|no such file|404", 60)
    machine.wait_for("went-on", 30)


def test_dhcp_file_is_chained_without_script(lab, boot):
    lab.file("boot.ipxe", "#!ipxe\necho autobooted-this\nshell\n")
    lab.dhcp(boot_file="boot.ipxe")
    machine = boot()
    machine.wait_for("autobooted-this", 90)


@ours
def test_cut_download_resumes(lab, boot):
    """The server dies in mid-transfer and comes back: the file is still right."""
    data = hashlib.sha256(b"seed").digest() * (1 << 20)
    lab.file("big.bin", data)
    web = lab.web("limit_rate 6m;")
    lab.dhcp()
    digest = hashlib.sha256(data).hexdigest()
    machine = boot(None, "#!ipxe\ndhcp\necho downloading\n"
                   f"imgfetch --sha256 {digest} http://{SERVER}/big.bin && echo whole\nshell\n",
                   memory="384")
    machine.wait_for("downloading", 60)
    machine.serial.poll(2)
    web.kill()
    web.start()
    machine.wait_for("whole", 100)


@ours
@pytest.mark.parametrize("faults", [
    {"loss": 1, "reorder": 1, "dup": 0.5}, {"loss": 5}, {"delay": 10, "loss": 0.5},
], ids=["mixed", "heavy", "far"])
def test_download_over_a_bad_wire(lab, boot, faults):
    data = hashlib.sha256(b"wire").digest() * (1 << 19)
    lab.file("big.bin", data)
    lab.web()
    lab.dhcp()
    digest = hashlib.sha256(data).hexdigest()
    machine = boot(None, "#!ipxe\ndhcp\n"
                   f"imgfetch --sha256 {digest} http://{SERVER}/big.bin && echo whole\nshell\n",
                   nics=[Nic(wire=BadWire(lab, **faults))])
    machine.wait_for("whole", 120)


@ours
def test_truncated_kernel_is_refused(lab, boot):
    lab.file("linux", kernel().read_bytes()[:3000])
    lab.web()
    lab.dhcp()
    machine = boot(None, f"#!ipxe\ndhcp\nkernel http://{SERVER}/linux && boot || echo went-on\n"
                   "shell\n")
    machine.wait_for("went-on", 60)
