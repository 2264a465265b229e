"""A process that is measured: started, watched through /proc, stopped."""

import os
import re
import signal
import socket
import subprocess
import time


def free_port():
    """A port of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Process:
    """One program with its children. Its output goes to `log`, a file; stop() ends it."""

    def __init__(self, command, log, cwd=None, environment=None):
        self.command = command
        self.log = log
        # Appending, so that the file can be emptied while the program writes to it.
        with open(log, "ab") as output:
            self._child = subprocess.Popen(
                command, cwd=cwd, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                env={**os.environ, **(environment or {})}, start_new_session=True)
        self.pid = self._child.pid

    def alive(self):
        return self._child.poll() is None

    def stop(self):
        """Asks it to end, and makes it after five seconds. Its children, too: they are in its session."""
        for number, patience in ((signal.SIGTERM, 5), (signal.SIGKILL, 5)):
            if self.alive():
                try:
                    os.killpg(self.pid, number)
                except ProcessLookupError:
                    pass
                try:
                    self._child.wait(patience)
                except subprocess.TimeoutExpired:
                    pass

    def forget_log(self):
        os.truncate(self.log, 0)

    def tail(self):
        with open(self.log, "rb") as log:
            log.seek(0, os.SEEK_END)
            log.seek(max(0, log.tell() - 2000))
            return log.read().decode(errors="replace")

    def pids(self):
        """Its own and those of all its descendants."""
        found = [self.pid]
        for pid in found:
            for task in _list(f"/proc/{pid}/task"):
                found += [int(child) for child in _read(f"/proc/{pid}/task/{task}/children").split()]
        return found

    def cpu_seconds(self):
        """CPU time of all its threads until now, by the scheduler's count of nanoseconds."""
        return sum(int((_read(f"/proc/{pid}/task/{task}/schedstat") or "0").split()[0])
                   for pid in self.pids() for task in _list(f"/proc/{pid}/task")) / 1e9

    def memory(self):
        """Resident and proportional memory in kB."""
        total = {"rss_kb": 0, "pss_kb": 0}
        for pid in self.pids():
            rollup = _read(f"/proc/{pid}/smaps_rollup")
            for key in ("Rss", "Pss"):
                match = re.search(rf"^{key}:\s+(\d+)", rollup, re.MULTILINE)
                if match:
                    total[f"{key.lower()}_kb"] += int(match.group(1))
        return total

    def threads(self):
        return sum(len(_list(f"/proc/{pid}/task")) for pid in self.pids())


def _read(path):
    try:
        with open(path) as file:
            return file.read()
    except OSError:  # gone meanwhile
        return ""


def _list(path):
    try:
        return os.listdir(path)
    except OSError:
        return []


def wait_until(ready, process, what, seconds=20):
    """Probes until ready() is true. RuntimeError when the process ends, or time is up."""
    deadline = time.monotonic() + seconds
    while not ready():
        if not process.alive():
            raise RuntimeError(f"{what} ended: {process.tail()}")
        if time.monotonic() > deadline:
            raise RuntimeError(f"{what} is not ready after {seconds} s: {process.tail()}")
        time.sleep(0.0005)
