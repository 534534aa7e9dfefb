"""Payloads that are built once and kept between runs.

A cached file is named after its builder and a version (or a hash of its
sources), is built under a lock, and appears only when it is complete.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path

from .config import CACHE, PAYLOAD, ROOT


@contextmanager
def _locked(name):
    CACHE.mkdir(parents=True, exist_ok=True)
    with open(CACHE / f"{name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def cached(name, build):
    """The path of a cached file or folder; build(path, work) makes it."""
    path = CACHE / name
    if path.exists():
        return path
    with _locked(name):
        if path.exists():
            return path
        work = Path(tempfile.mkdtemp(prefix="build-", dir=CACHE))
        try:
            made = work / "made"
            build(made, work)
            os.rename(made, path)
        finally:
            shutil.rmtree(work, ignore_errors=True)
    return path


def digest(*paths):
    """A short hash of files, for names of what is made from them."""
    state = hashlib.sha256()
    for path in paths:
        state.update(Path(path).read_bytes())
    return state.hexdigest()[:12]


def compiled(name, *patterns):
    """A host program built from C files of the checkout, with the headers beside them."""
    sources = sorted(path for pattern in patterns for path in ROOT.glob(pattern))
    headers = sorted({path for source in sources for path in source.parent.glob("*.h")})

    def build(made, _):
        subprocess.run(["gcc", "-O2", "-Wall", "-Wextra", "-Wno-unused-parameter", "-Werror",
                        f"-I{ROOT}", "-o", made, *sources], check=True)

    return cached(f"{name}-{digest(*sources, *headers)}", build)


def assembled(source, *options):
    """A flat binary built by nasm from one file of test/payload."""
    path = PAYLOAD / source

    def build(made, _):
        subprocess.run(
            ["nasm", "-f", "bin", "-Wall", "-Werror", *options, f"-I{PAYLOAD}/", "-o", made, path],
            check=True,
        )

    name = "".join([path.stem, *options, "-", digest(path, *sorted(PAYLOAD.glob("*.inc")))])
    return cached(f"{name}.bin", build)


REAL_MODE = ["-m16", "-Os", "-std=gnu11", "-ffreestanding", "-fno-pic", "-fno-pie",
             "-fno-stack-protector", "-fcf-protection=none", "-fno-asynchronous-unwind-tables",
             "-mno-sse", "-Wall", "-Wextra", "-Werror"]


def real_mode_program(name):
    """A flat binary for real mode from a folder of test/payload: C, one .asm and one .ld."""
    folder = PAYLOAD / name
    sources = sorted(path for path in folder.iterdir() if path.suffix in (".c", ".h", ".asm", ".ld"))

    def build(made, work):
        objects = []
        for source in sources:
            out = work / f"{source.stem}.o"
            if source.suffix == ".asm":
                subprocess.run(["nasm", "-f", "elf32", "-Wall", "-Werror", "-o", out, source],
                               check=True)
            elif source.suffix == ".c":
                subprocess.run(["gcc", *REAL_MODE, "-c", "-o", out, source], check=True)
            else:
                continue
            objects.append(out)
        linked = work / "linked"
        subprocess.run(["ld", "-m", "elf_i386", "-z", "noexecstack", "--no-warn-rwx-segments",
                        "-T", folder / f"{name}.ld", "-o", linked, *objects], check=True)
        subprocess.run(["objcopy", "-O", "binary", linked, made], check=True)

    return cached(f"{name}-{digest(*sources, __file__)}.bin", build)
