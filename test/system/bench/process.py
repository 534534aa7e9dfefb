"""Processes that end with the test that started them.

Every child is known by its own pid and is killed by that pid. The kernel kills
it too when this process dies first, so that an aborted run leaves nothing.
"""

import subprocess
import time


class ProcessGroup:
    """Starts processes, optionally inside a network namespace."""

    def __init__(self, log_dir, namespace_pid=None):
        self.log_dir = log_dir
        self.namespace_pid = namespace_pid
        self.running = []

    def command(self, argv):
        """The command line that runs argv in our namespace."""
        if self.namespace_pid is None:
            return [str(arg) for arg in argv]
        enter = ["nsenter", f"--net=/proc/{self.namespace_pid}/ns/net", "--"]
        return enter + [str(arg) for arg in argv]

    def run(self, *argv, check=True, env=None):
        """Runs a command to its end and returns what it printed."""
        done = subprocess.run(
            self.command(argv),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=env,
        )
        if check and done.returncode != 0:
            raise RuntimeError(f"{' '.join(map(str, argv))}: {done.stdout.strip()}")
        return done.stdout

    def start(self, name, *argv, env=None, stdin=subprocess.DEVNULL, stdout=None):
        """Starts a process that lives until stop() or stop_all()."""
        log = open(self.log_dir / f"{name}.log", "ab")
        with log:
            process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", "--"] + self.command(argv),
                stdin=stdin,
                stdout=stdout or log,
                stderr=log,
                env=env,
            )
        self.running.append(process)
        return process

    def stop(self, process):
        """Ends one process, by force when it does not go on its own."""
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if process in self.running:
            self.running.remove(process)

    def kill(self, process):
        """Ends one process at once, without a chance to say goodbye."""
        process.kill()
        process.wait()
        if process in self.running:
            self.running.remove(process)

    def stop_all(self):
        """Ends everything at once, the newest first: nothing has state to save."""
        for process in reversed(list(self.running)):
            self.kill(process)


def wait_until(condition, timeout, what):
    """Polls a condition for which there is no event to wait on."""
    end = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"waited {timeout:g} s for {what}")
        time.sleep(0.02)
