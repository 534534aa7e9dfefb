"""Fixtures and the safety net of the system tests.

Every test has a deadline of its own (marker `deadline(seconds)`, else 150 s)
and a private lab. When a test fails, the serial transcripts and the servers'
logs of its lab are part of the report; they also stay in the test's tmp_path.
"""

import os
import signal
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

from bench import media  # noqa: E402
from bench.config import IMAGE, SLOW, is_classic_image  # noqa: E402
from bench.lab import Lab  # noqa: E402
from bench.machine import firmware  # noqa: E402
from bench.payload import kernel, probe_initrd  # noqa: E402

DEADLINE = 150
LOG_TAIL = 12000


def pytest_addoption(parser):
    parser.addoption("--shard", default="1/1", help="run every Nth test: K/N")


def pytest_configure(config):
    config.addinivalue_line("markers", "quick: a short selection, under three minutes")
    config.addinivalue_line("markers", "ours: shows what Debian's iPXE does not do")
    config.addinivalue_line("markers", "deadline(seconds): the longest this test may take")


def pytest_collection_modifyitems(config, items):
    part, parts = map(int, config.getoption("--shard").split("/"))
    config.hook.pytest_deselected(items=[i for n, i in enumerate(items) if n % parts != part - 1])
    items[:] = items[part - 1 :: parts]
    if not is_classic_image():
        return
    skip = pytest.mark.skip(reason="IMAGE is Debian's iPXE, which does not promise this")
    for item in items:
        if item.get_closest_marker("ours"):
            item.add_marker(skip)


def pytest_sessionstart():
    if not IMAGE.exists():
        pytest.exit(f"{IMAGE} is missing: run `make`, or set IMAGE", returncode=2)
    if os.geteuid() != 0:
        pytest.exit("the tests make network namespaces: run them as root (sudo -E)", returncode=2)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_protocol(item):
    """Ends a test that does not end by itself, its fixtures included."""
    marker = item.get_closest_marker("deadline")
    seconds = int((marker.args[0] if marker else DEADLINE) * SLOW)

    def expired(_signal, _frame):
        raise TimeoutError(f"the test took longer than {seconds} s")

    before = signal.signal(signal.SIGALRM, expired)
    signal.alarm(seconds)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """Adds the lab's transcripts and logs to the report of a failure."""
    outcome = yield
    report = outcome.get_result()
    lab = getattr(item, "funcargs", {}).get("lab")
    if not report.failed or lab is None:
        return
    for machine in lab.machines:
        for line in (machine.serial, machine.program):
            if machine.process.poll() is None:
                line.drain(0)
            if line.text:
                report.sections.append((line.transcript.name, line.text[-LOG_TAIL:]))
    for path in sorted(lab.log_dir.glob("*.log")):
        text = path.read_text(errors="replace")
        if text:
            report.sections.append((str(path), text[-LOG_TAIL // 4 :]))


@pytest.fixture(scope="session")
def probe_cd(tmp_path_factory):
    """A CD: ISOLINUX with the reporting Linux."""
    return media.probe_cd(tmp_path_factory.mktemp("cd"), kernel(), probe_initrd())


@pytest.fixture
def lab(tmp_path):
    """A private network; everything on it ends with the test."""
    network = Lab(tmp_path)
    yield network
    network.close()


@pytest.fixture
def boot(lab):
    """boot(append=…, script=…, …) starts the image by QEMU's own loader."""

    def start(append=None, script=None, **options):
        return firmware(lab, append, script, **options)

    return start
