"""Scripts of the shape that real projects use, end to end against nginx and dnsmasq."""

import pytest

from bench.payload import kernel, probe_initrd, report_of
from bench.servers import SERVER

ours = pytest.mark.ours

MAC = "52-54-00-12-34-56"

ENTRY = f"""#!ipxe
# What the DHCP server names: nothing but the way to the real thing.
set tries:int32 0
:retry
dhcp || goto again
isset ${{net0/ip}} || goto again
chain --autofree http://{SERVER}/boot/start.ipxe?mac=${{net0/mac:hexhyp}}&uuid=${{uuid}} || goto again
exit
:again
inc tries
iseq ${{tries}} 5 && goto lost ||
echo try ${{tries}} failed
goto retry
:lost
echo gave-up
shell
"""

START = """#!ipxe
echo start of ${net0/mac}
isset ${hostname} || set hostname unnamed
chain hosts/${net0/mac:hexhyp}.ipxe || chain hosts/uuid-${uuid}.ipxe || chain hosts/default.ipxe
"""

HOST = """#!ipxe
set release bookworm
set arch amd64
iseq ${buildarch} i386 && set note ok || set note odd
set args-common console=ttyS0,115200 word="a b"
set args-bookworm release=${release} note=${note}
chain --replace ../common/kernel.ipxe
echo never-here
"""

KERNEL = """#!ipxe
set dir images/${release}/${arch}
echo loading from ${dir}
kernel ../${dir}/linux ${args-common} || goto fail
initrd ../${dir}/probe.gz || goto fail
imgargs linux ${args-common} ${args-${release}} last || goto fail
imgstat
boot || goto fail
:fail
echo kernel-failed
exit 1
"""


def serve(lab, host=f"hosts/{MAC}.ipxe"):
    """The tree of a boot server."""
    lab.file("boot/start.ipxe", START)
    lab.file(f"boot/{host}", HOST)
    lab.file("boot/common/kernel.ipxe", KERNEL)
    lab.file("boot/images/bookworm/amd64/linux", kernel())
    lab.file("boot/images/bookworm/amd64/probe.gz", probe_initrd())


@pytest.mark.quick
@pytest.mark.parametrize("host", [f"hosts/{MAC}.ipxe", "hosts/default.ipxe"], ids=["mac", "default"])
def test_boot_server(lab, boot, host):
    """A chain of relative addresses to a script for this machine, or to the fallback."""
    serve(lab, host)
    web = lab.web()
    lab.dhcp()
    machine = boot(None, ENTRY, memory="384")
    report = report_of(machine, fail="kernel-failed|gave-up|Kernel panic")
    assert report.cmdline.endswith('word="a b" release=bookworm note=ok last')
    asked = [line.split('"')[1].split()[1] for line in web.requests()]
    assert asked[0].startswith(f"/boot/start.ipxe?mac={MAC}&uuid=")
    assert f"/boot/hosts/{MAC}.ipxe" in asked
    assert ("/boot/hosts/default.ipxe" in asked) == ("default" in host)


def test_retry_until_the_server_is_up(lab, boot):
    """A loop that waits for a web server, then goes on; the same in every round."""
    lab.file("hello.ipxe", "#!ipxe\necho server-is-up after ${tries} tries\nshell\n")
    lab.dhcp()
    script = (
        "#!ipxe\ndhcp\nset tries:int32 0\n:retry\ninc tries\necho round ${tries}\n"
        f"chain --timeout 2000 http://{SERVER}/hello.ipxe || goto wait\nexit\n"
        ":wait\nsleep 1\ngoto retry\n"
    )
    machine = boot(None, script)
    machine.wait_for("round 2", 90)
    lab.web()
    machine.wait_for(r"server-is-up after \d+ tries", 90)


def test_menu_without_keys(lab, boot):
    """The shape of a generated menu: forty labels, a choice that comes from a setting."""
    entries = "".join(
        f":item-{n}\necho chosen item {n} of ${{title-{n}}}\nset done-{n} 1\ngoto end\n"
        for n in range(1, 41)
    )
    titles = "".join(f"set title-{n} Title number {n}\n" for n in range(1, 41))
    lab.file("menu.ipxe", "#!ipxe\n" + titles + "goto item-${choice}\n" + entries
             + ":end\nisset ${done-37} && echo all-right\n")
    lab.web()
    lab.dhcp()
    machine = boot(None, f"#!ipxe\ndhcp\nset choice 37\nchain http://{SERVER}/menu.ipxe\nshell\n")
    machine.wait_for("chosen item 37 of Title number 37", 60)
    machine.wait_for("all-right", 30)


@ours
def test_extended_script(lab, boot):
    """for, if and quotes: the first of several servers that answers."""
    lab.file("good/hello.ipxe", "#!ipxe\necho hello-from ${server}\nshell\n")
    lab.web()
    lab.dhcp()
    script = f"""#!ipxe 2
dhcp
set servers {SERVER}:81  {SERVER}
for server in ${{servers}}
  for dir in "no such" good
    if imgfetch --retries 0 --name hello "http://${{server}}/${{dir:uristring}}/hello.ipxe"
      echo "found:  ${{dir}}"
      goto found
    else if iseq ${{error-code}} E-TCP-01
      echo refused by ${{server}}
    else
      echo "${{error-code}} for '${{dir}}'"
    endif
  endfor
endfor
exit 1
:found
chain hello
"""
    machine = boot(None, script)
    machine.wait_for(f"refused by {SERVER}:81", 60)
    machine.wait_for("E-HTTP-02 for 'no such'", 30)
    machine.wait_for("found:  good", 30)
    machine.wait_for(f"hello-from {SERVER}", 30)


@ours
def test_lint_of_a_served_script(lab, boot):
    lab.file("bad.ipxe", "#!ipxe\ndhcp\nimgfech x\ngoto retyr\n:retry\n")
    lab.web()
    lab.dhcp()
    machine = boot(None, f"#!ipxe\ndhcp\nlint http://{SERVER}/bad.ipxe || echo lint-said-no\nshell\n")
    machine.wait_for("bad.ipxe:3:1: imgfech: command not found", 60)
    machine.wait_for('bad.ipxe:4:6: goto: there is no label ":retyr"', 10)
    machine.wait_for("lint-said-no", 10)


@ours
def test_block_at_the_prompt(lab, boot):
    """The shell reads on until a block is whole, and knows quotes."""
    machine = boot("console=ttyS0", "#!ipxe\nshell\n")
    machine.wait_for("iPXE> ", 60)
    machine.send("for n in 1 'two  words' 3\r")
    machine.wait_for("\n> ", 30)
    machine.send('echo "<${n}>"\r')
    machine.wait_for("\n> ", 30)
    machine.send("endfor\r")
    machine.wait_for("\n<1>\n<two  words>\n<3>\n", 30)
    machine.send("if isset ${nothing}\recho no\relse\recho 'shell  else'\rendif\r")
    machine.wait_for("\nshell  else\n", 30)


@ours
@pytest.mark.parametrize("text", [
    b"\xef\xbb\xbf\r\n\r\n#!ipxe\r\necho all-read\r\nshell\r\n",
    b"\n   \n#!gpxe\necho all-read\nshell\n",
], ids=["bom-crlf", "blank-lines"])
def test_initrd_script_of_any_editor(lab, boot, text):
    machine = boot(None, text)
    machine.wait_for("all-read", 60)
