"""iSCSI targets, served by tgtd with a control socket of its own."""

import os

from .process import wait_until

IQN = "iqn.2004-01.com.example"


class Tgtd:
    """One tgtd on port 3260 of the lab; targets can be added at any time."""

    def __init__(self, lab):
        self.lab = lab
        self.env = dict(os.environ, TGT_IPC_SOCKET=str(lab.run_dir / "tgtd.sock"))
        self.setup = []
        self.targets = 0
        self.start()

    def start(self):
        """Starts the daemon and repeats the configuration it had before."""
        self.process = self.lab.net.start(
            "tgtd", "tgtd", "--foreground", "--iscsi", "portal=0.0.0.0:3260", env=self.env
        )
        wait_until(self._answers, 10, "tgtd")
        for args in self.setup:
            self._admin_now(*args)

    def kill(self):
        """The daemon dies, and the connections with it."""
        self.lab.net.kill(self.process)

    def _answers(self):
        said = self.lab.net.run(
            "tgtadm", "--lld", "iscsi", "--mode", "target", "--op", "show",
            check=False, env=self.env,
        )
        return "tgtadm:" not in said

    def _admin_now(self, *args):
        return self.lab.net.run("tgtadm", "--lld", "iscsi", *args, env=self.env)

    def admin(self, *args):
        """Runs tgtadm, now and after every restart."""
        self.setup.append(args)
        return self._admin_now(*args)

    def sessions(self):
        """tgtadm's listing of targets with their connections."""
        return self._admin_now("--mode", "target", "--op", "show")

    def add(self, backing, lun=1, name="disk1", chap=None, mutual=None, initiator="ALL",
            readonly=False, cd=False):
        """Adds a target with one LUN, a CD drive's if cd.

        chap and mutual are (user, password). Returns the target's IQN.
        """
        self.targets += 1
        tid = str(self.targets)
        iqn = f"{IQN}:{name}"
        self.admin("--mode", "target", "--op", "new", "--tid", tid, "--targetname", iqn)
        unit = ["--mode", "logicalunit", "--op", "new", "--tid", tid, "--lun", str(lun),
                "--backing-store", str(backing)]
        if cd:
            unit += ["--device-type", "cd"]
        self.admin(*unit)
        if readonly:
            self.admin("--mode", "logicalunit", "--op", "update", "--tid", tid,
                       "--lun", str(lun), "--params", "readonly=1")
        for account, direction in ((chap, []), (mutual, ["--outgoing"])):
            if account:
                user, password = account
                self.admin("--mode", "account", "--op", "new", "--user", user,
                           "--password", password)
                self.admin("--mode", "account", "--op", "bind", "--tid", tid,
                           "--user", user, *direction)
        if initiator.startswith("iqn."):
            self.admin("--mode", "target", "--op", "bind", "--tid", tid,
                       "--initiator-name", initiator)
        else:
            self.admin("--mode", "target", "--op", "bind", "--tid", tid,
                       "--initiator-address", initiator)
        return iqn
