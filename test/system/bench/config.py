"""Where things are, and the knobs that the environment offers.

IMAGE       the firmware under test (default: build/ipxe.lkrn)
TEST_CACHE  payloads that are costly to build (default: ~/.cache/ipxe-test)
QEMU_ACCEL  QEMU's accelerator (default: tcg)
TEST_SLOW   factor on every deadline, for a machine that is busy (default: 1)
TEST_REBOOTS  warm reboots of each card (default: 20 for one card, 2 for the others)
"""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
PAYLOAD = ROOT / "test" / "payload"
IMAGE = Path(os.environ.get("IMAGE") or ROOT / "build" / "ipxe.lkrn").resolve()
CACHE = Path(os.environ.get("TEST_CACHE") or Path.home() / ".cache" / "ipxe-test")
ACCEL = os.environ.get("QEMU_ACCEL", "tcg")
SLOW = float(os.environ.get("TEST_SLOW", "1"))
REBOOTS = int(os.environ.get("TEST_REBOOTS", "0"))


def is_classic_image():
    """True when IMAGE is Debian's iPXE, used to try out the bench itself."""
    return IMAGE.parent == Path("/boot")
