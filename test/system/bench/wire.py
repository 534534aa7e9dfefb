"""A network cable with faults, between one card and the lab's bridge."""

import subprocess

from .cache import compiled


class BadWire:
    """Loss, duplicates, reordering (percent), delay (ms), and cuts."""

    def __init__(self, lab, **faults):
        self.run_dir = lab.run_dir
        tap = lab.tap()
        self.own = lab.run_dir / f"wire-{tap}"
        self.qemu = lab.run_dir / f"qemu-{tap}"
        program = compiled("wire", "test/system/wire.c")
        argv = [program, tap, self.own, self.qemu]
        argv += [f"{name}={value}" for name, value in faults.items()]
        self.process = lab.net.start("wire", *argv, stdin=subprocess.PIPE,
                                     stdout=subprocess.PIPE)
        self._expect("ready")

    def _expect(self, answer):
        said = self.process.stdout.readline().decode().strip()
        if said != answer:
            raise RuntimeError(f"wire said {said!r}")

    def netdev(self, ident):
        """QEMU's -netdev argument for this cable."""
        return (f"dgram,id={ident},local.type=unix,local.path={self.qemu},"
                f"remote.type=unix,remote.path={self.own}")

    def set(self, **faults):
        """Changes faults while frames are under way."""
        for name, value in faults.items():
            self.process.stdin.write(f"{name}={value}\n".encode())
            self.process.stdin.flush()
            self._expect("ok")

    def stats(self):
        """The counters, as a line of text."""
        self.process.stdin.write(b"stats\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().decode().strip()
