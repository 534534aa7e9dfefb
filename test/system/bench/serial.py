"""A serial line read by events: wait for a text, send keys, keep a transcript."""

import re
import select
import socket
import time

from .config import SLOW

# Escape sequences that only paint are dropped. A jump to the first column is
# how a BIOS console begins a line, so it becomes a line break.
JUMP = re.compile(r"\x1b\[\d*(?:;1?)?H")
PAINT = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[()][A-Z0-9]|\x1b[=>78cM]|[\x00\x0e\x0f]")
PARTIAL = re.compile(r"\x1b[\[(]?[0-9;?]*$")


class SerialError(AssertionError):
    """The awaited text did not come."""


class Serial:
    """One end of a unix socket that QEMU connects its serial port to."""

    def __init__(self, path, transcript):
        self.path = path
        self.transcript = open(transcript, "wb")
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(path))
        self.listener.listen(1)
        self.stream = None
        self.pending = ""
        self.text = ""
        self.position = 0
        self.closed = False
        self.companion = None
        self.watcher = None

    def _connect(self, timeout):
        self.listener.settimeout(timeout)
        self.stream, _ = self.listener.accept()
        self.stream.setblocking(False)

    def _absorb(self, data):
        self.transcript.write(data)
        self.transcript.flush()
        if self.watcher:
            self.watcher(data)
        text = self.pending + data.decode("latin-1")
        cut = PARTIAL.search(text)
        self.pending = cut.group(0) if cut else ""
        if cut:
            text = text[: cut.start()]
        text = PAINT.sub("", JUMP.sub("\n", text))
        self.text += text.replace("\r", "")

    def poll(self, timeout):
        """Takes in what has arrived, waiting at most timeout for something."""
        if self.closed:
            return False
        if self.stream is None:
            self._connect(20)
        ready, _, _ = select.select([self.stream], [], [], timeout)
        if not ready:
            return False
        try:
            data = self.stream.recv(65536)
        except ConnectionResetError:
            data = b""
        if data:
            self._absorb(data)
        else:
            self.closed = True
        return bool(data)

    def wait_for(self, pattern, timeout=60, fail=None):
        """Waits until the text after the last match holds pattern.

        Returns the match, and goes on after it the next time. A match of fail,
        here or on the companion's line, ends the wait at once: there is no
        point in waiting any longer.
        """
        wanted = re.compile(pattern)
        unwanted = re.compile(fail) if fail else None
        end = time.monotonic() + timeout * SLOW
        while True:
            match = wanted.search(self.text, self.position)
            if match:
                self.position = match.end()
                return match
            for line in (self, self.companion):
                bad = unwanted and line and unwanted.search(line.text, line.position)
                if bad:
                    raise SerialError(f"waiting for {pattern!r}, but saw {bad.group(0)!r}")
            if self.closed:
                raise SerialError(f"the machine ended before {pattern!r}")
            left = end - time.monotonic()
            if left <= 0:
                raise SerialError(f"no {pattern!r} within {timeout:g} s")
            self.poll(min(left, 0.25 if self.companion else 1))
            if self.companion:
                self.companion.poll(0)

    def wait_end(self, timeout=60):
        """Waits until the machine closes the line: it has ended."""
        end = time.monotonic() + timeout * SLOW
        while not self.closed:
            left = end - time.monotonic()
            if left <= 0:
                raise SerialError(f"the machine did not end within {timeout:g} s")
            self.poll(min(left, 1))

    def drain(self, quiet=0.2):
        """Takes in everything until the line is quiet for a moment."""
        while self.poll(quiet):
            pass

    def listen(self, seconds):
        """Takes in what comes in that time."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.poll(max(0, end - time.monotonic()))

    def rest(self):
        """What came after the last match, so far."""
        return self.text[self.position :]

    def send(self, text):
        """Types text."""
        if self.stream is None:
            self._connect(20)
        self.stream.setblocking(True)
        self.stream.sendall(text.encode())
        self.stream.setblocking(False)

    def close(self):
        """Ends the connection and the transcript."""
        if self.stream:
            self.stream.close()
        self.listener.close()
        self.transcript.close()
