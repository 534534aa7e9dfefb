"""The cases of test/scripts that are marked compatible, on the machine: ours and Debian's iPXE
print the same and end with the same status.

Messages of failures are worded differently on purpose and left out of the comparison; whether
a command failed shows in what the script does next.
"""

import re
from pathlib import Path

import pytest

from bench.config import IMAGE
from bench.corpus import cases
from bench.machine import Config, Machine
from bench.servers import SERVER

DEBIAN = Path("/boot/ipxe.lkrn")

# What is no script's output: progress, usage, messages of failures and warnings.
NOISE = re.compile(
    r"^\S+\.\.\. ok$|^http://|^Usage:|^  \w+ |^See http://|rguments>\.\.\.\]$"
    r"|\(E-[A-Z]+-\d+\)$|: warning: |ended with status"
    r"|http://ipxe\.org/|: command not found$|: invalid integer value$|: invalid setting$"
    r"|: no such image$|^Unrecognised option|requires an argument$"
)


def lines(text):
    """The lines of a console that belong to the script."""
    return [line.rstrip() for line in text.splitlines() if line.strip() and not NOISE.search(line)]


def offer(lab, chosen):
    """Serve the cases, and write the script that runs one after the other."""
    driver = ["#!ipxe", "dhcp || shell"]
    for number, case in enumerate(chosen):
        lab.file(f"{number}/script", case.script)
        for name, data in case.files.items():
            lab.file(f"{number}/{name}", data)
        driver += [
            f"echo @@begin {number}@@",
            f"chain http://{SERVER}/{number}/script && echo @@ok@@ || echo @@fail@@",
            *(f"clear {name} ||" for name in case.settings()),
            "imgfree ||",
        ]
    return "\n".join([*driver, "echo @@all@@", "shell", ""])


def run(lab, image, append, chosen):
    """Run the cases on @image: what each printed, and whether it succeeded."""
    lab.web()
    lab.dhcp()
    script = lab.run_dir / "driver.ipxe"
    script.write_text(offer(lab, chosen))
    machine = Machine(lab, Config(kernel=image, append=append, initrd=script))
    for number in range(len(chosen)):
        machine.wait_for(f"@@begin {number}@@", 60)
        begin = machine.serial.position
        ending = machine.wait_for("@@(ok|fail)@@", 60)
        yield lines(machine.serial.text[begin : ending.start()]), ending[1] == "ok"
    machine.wait_for("@@all@@", 60)


def compare(chosen, results):
    """Names of the cases that printed or returned something else, with what it was."""
    wrong = []
    for case, (printed, good) in zip(chosen, results):
        expected = lines(case.prints)
        if printed != expected or good != (case.status == "ok"):
            wrong.append(f"{case.name}: printed {printed} instead of {expected}, "
                         f"{'ok' if good else 'failed'}")
    return wrong


@pytest.mark.deadline(600)
def test_compatible_cases_on_our_image(lab):
    chosen = [case for case in cases() if case.mark in ("ipxe", "newer")]
    wrong = compare(chosen, run(lab, IMAGE, "console=ttyS0", chosen))
    assert not wrong, "\n".join(wrong)


@pytest.mark.deadline(600)
def test_compatible_cases_on_debians_ipxe(lab):
    chosen = [case for case in cases() if case.mark == "ipxe"]
    wrong = compare(chosen, run(lab, DEBIAN, None, chosen))
    assert not wrong, "\n".join(wrong)
