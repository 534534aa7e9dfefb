"""A unix socket that QEMU connects to, with lines each way: its monitor, its test port."""

import socket

from .config import SLOW


class Port:
    """Listens from the start; connected when it is first used."""

    def __init__(self, path):
        self.path = path
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(path))
        self.listener.listen(1)
        self.lines = None

    def connect(self):
        """True when the connection was made just now."""
        if self.lines is not None:
            return False
        self.listener.settimeout(20)
        stream, _ = self.listener.accept()
        stream.settimeout(30 * SLOW)
        self.lines = stream.makefile("rw")
        return True

    def write(self, line):
        """Sends one line."""
        self.lines.write(line + "\n")
        self.lines.flush()

    def close(self):
        """Closes both sockets."""
        if self.lines:
            self.lines.close()
        self.listener.close()
