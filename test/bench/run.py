"""`make bench`: the image beside Debian's iPXE, in the same run.

The two take turns, so that whatever else the host does meets both; only the
ratios count. See docs/performance.md.
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "system"))

from bench.config import IMAGE  # noqa: E402
from bench.lab import Lab  # noqa: E402
from rows import all_rows, chosen  # noqa: E402
from sample import Side  # noqa: E402

RETRIES = 3  # boots more than asked for, when samples were starved


def options():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", nargs="+", metavar="NAME",
                        help="rows whose names match: " + " ".join(r.name for r in all_rows()))
    parser.add_argument("--runs", type=int, default=3, help="boots of each image in a row")
    parser.add_argument("--quick", action="store_true", help="one boot, a quarter of the work")
    parser.add_argument("--peer", type=Path, default=Path("/boot/ipxe.lkrn"),
                        help="the image to compare with (default: Debian's package ipxe)")
    return parser.parse_args()


def compare(row, peer, runs, scale):
    """Measures one row; returns (ours, theirs)."""
    sides = {True: Side(), False: Side()}
    images = {True: IMAGE, False: peer}
    with tempfile.TemporaryDirectory() as logs:
        lab = Lab(logs)
        try:
            row.prepare(lab, scale)
            for attempt in range(runs + RETRIES):
                for ours, side in sides.items():
                    if attempt < runs or side.doubtful:
                        side.samples += row.run(lab, images[ours], ours)
        finally:
            lab.close()
    sums = {sample.check for side in sides.values() for sample in side.samples if sample.check}
    if len(sums) > 1:
        raise RuntimeError(f"{row.name}: the two sides read different data: {sorted(sums)}")
    return sides[True], sides[False]


def line(row, ours, theirs):
    """A row of the table."""
    if row.unit == "s":
        figures = f"{ours.seconds:.2f} | {theirs.seconds:.2f}"
        ratio = ours.seconds / theirs.seconds
        target = f"≤ {row.target}×" if row.target else "≤ 0.2 s"
    else:
        digits = 0 if row.unit == "calls/s" else 1
        figures = f"{ours.rate:.{digits}f} | {theirs.rate:.{digits}f}"
        ratio = ours.rate / theirs.rate
        target = f"≥ {row.target}×"
    cpu = ours.cpu_ms / theirs.cpu_ms
    doubt = " (starved)" if ours.doubtful or theirs.doubtful else ""
    return (f"| {row.title}{doubt} | {row.unit} | {figures} | **{ratio:.2f}×** | {target} | "
            f"{ours.cpu_ms:.3g} | {theirs.cpu_ms:.3g} | {cpu:.2f}× |")


def main():
    """Measures the chosen rows and prints the table."""
    args = options()
    if os.geteuid() != 0:
        sys.exit("the benchmark makes network namespaces: run it as root (sudo -E)")
    for image in (IMAGE, args.peer):
        if not image.exists():
            sys.exit(f"{image} is missing: run `make`, and install the package ipxe")
    runs, scale = (1, 4) if args.quick else (args.runs, 1)
    print("| work | unit | ours | peer | ratio | target | CPU ms/unit, ours | peer | CPU ratio |")
    print("|---|---|---|---|---|---|---|---|---|", flush=True)
    failed = False
    for row in chosen(args.rows):
        try:
            print(line(row, *compare(row, args.peer, runs, scale)), flush=True)
        except (AssertionError, RuntimeError, OSError) as problem:
            failed = True
            print(f"| {row.title} | failed: {problem} |", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
