"""What a person sees: a VT100 on the serial line, text in video memory, pixels."""

import re
import struct
import time
import zlib

import pyte

from .config import SLOW

ROWS, COLUMNS = 24, 80


class Terminal:
    """A VT100 of 24 rows that shows what a machine sends on its serial line."""

    def __init__(self, machine):
        self.machine = machine
        self.screen = pyte.Screen(COLUMNS, ROWS)
        self.stream = pyte.ByteStream(self.screen)
        machine.serial.watcher = self.stream.feed
        self.send = machine.send

    def rows(self):
        """The rows as text without trailing blanks."""
        return [row.rstrip() for row in self.screen.display]

    def selected(self):
        """Text of the line that a menu marks, or None."""
        for row in self.rows():
            if row.startswith(" >"):
                return row[3:]
        return None

    def wait(self, condition, what, timeout=30):
        """Waits until condition() holds for the screen."""
        end = time.monotonic() + timeout * SLOW
        while not condition():
            left = end - time.monotonic()
            if left <= 0 or self.machine.serial.closed:
                shown = "\n".join(self.rows()).rstrip()
                raise AssertionError(f"never saw {what}; the screen:\n{shown}")
            self.machine.serial.poll(min(left, 1))

    def wait_row(self, pattern, timeout=30):
        """Waits for a row that matches; returns the match."""
        wanted = re.compile(pattern)

        def find():
            return next(filter(None, map(wanted.search, self.rows())), None)

        self.wait(find, pattern, timeout)
        return find()

    def wait_selected(self, text, timeout=30):
        """Waits until a menu marks this line."""
        self.wait(lambda: (self.selected() or "").startswith(text), f"{text!r} selected", timeout)

    def prompt(self, timeout=60):
        """Waits for the shell's prompt in the row of the cursor."""
        self.wait(lambda: self.rows()[self.screen.cursor.y] == "iPXE>", "the prompt", timeout)

    def type(self, line):
        """Types a line at the prompt and waits until it is shown; then presses Enter."""
        self.prompt()
        self.send(line)
        shown = ("iPXE> " + line).rstrip()
        self.wait(lambda: self.rows()[self.screen.cursor.y].endswith(shown[-30:]), shown)
        self.send("\r")


def vga_rows(machine):
    """The text that VGA's memory holds, and the attributes."""
    memory = machine.memory(0xB8000, ROWS * COLUMNS * 2)
    rows = [memory[at : at + 2 * COLUMNS] for at in range(0, len(memory), 2 * COLUMNS)]
    return [row[::2].decode("cp437").rstrip() for row in rows], [row[1::2] for row in rows]


class Screenshot:
    """What the monitor shows: pixels as (red, green, blue)."""

    def __init__(self, machine):
        path = machine.lab.log_dir / "screen.ppm"
        path.unlink(missing_ok=True)
        machine.monitor.command("screendump", filename=str(path))
        magic, size, depth, self.data = path.read_bytes().split(b"\n", 3)
        assert magic == b"P6" and depth == b"255"
        self.width, self.height = map(int, size.split())

    def pixel(self, x, y):
        """The colour at a place."""
        at = (y * self.width + x) * 3
        return tuple(self.data[at : at + 3])

    def save_png(self, path):
        """Writes it where somebody can look at it."""
        row = self.width * 3
        rows = [self.data[at : at + row] for at in range(0, row * self.height, row)]
        path.write_bytes(png(self.width, self.height, rows))


def png(width, height, rows):
    """A PNG picture of rows of RGB bytes."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"".join(b"\0" + row for row in rows))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels)
            + chunk(b"IEND", b""))
