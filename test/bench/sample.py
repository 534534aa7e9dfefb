"""One measurement, and what several of them say together."""

import time
from dataclasses import dataclass
from statistics import median

# A busy guest polls: QEMU then uses at least one whole processor. A sample in
# which it got less had to wait for somebody else's work and says nothing.
STARVED = 0.8


@dataclass
class Sample:
    """Some work, the time it took, and the processor time of the QEMU process."""

    work: float
    wall: float
    cpu: float
    idle: bool = False
    check: str = ""

    @property
    def starved(self):
        """True when the host did not let the guest run."""
        return not self.idle and self.cpu < STARVED * self.wall


class Stopwatch:
    """Wall time and QEMU's processor time between two events."""

    def __init__(self, machine):
        # The kernel's clock id of another process's processor time.
        self.clock = ~machine.process.pid << 3 | 2
        self.start()

    def start(self):
        """Begins a measurement."""
        self.wall = time.monotonic()
        self.cpu = time.clock_gettime(self.clock)

    def stop(self, work, **more):
        """The sample since start()."""
        wall = time.monotonic() - self.wall
        return Sample(work, wall, time.clock_gettime(self.clock) - self.cpu, **more)


class Side:
    """The samples of one image in one row."""

    def __init__(self):
        self.samples = []

    @property
    def good(self):
        """The samples that count."""
        return [sample for sample in self.samples if not sample.starved]

    @property
    def doubtful(self):
        """True when there were only starved samples to choose from."""
        return not self.good

    def _median(self, value):
        return median(value(sample) for sample in self.good or self.samples)

    @property
    def seconds(self):
        """Median seconds."""
        return self._median(lambda sample: sample.wall)

    @property
    def rate(self):
        """Median work per second."""
        return self._median(lambda sample: sample.work / sample.wall)

    @property
    def cpu_ms(self):
        """Median milliseconds of processor time per unit of work."""
        return self._median(lambda sample: 1000 * sample.cpu / sample.work)
