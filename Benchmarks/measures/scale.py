"""A large host: how soon it is ready, what it keeps resident, what it costs idle, and how a new configuration gets in."""

import os
import pathlib
import signal
import socket
import subprocess
import tempfile
import threading
import time

from api import Connection
from figure import Figure, at_most
from house import Failed, house, stop, wait_until
from measures.hotpath import instructions
from measures.memory import kibibytes

CERTIFICATES = 10_000
IDLE = 300
# In SI units, as the goal is meant.
RESIDENT_GOAL = 96
SIZES = (100, 1_000, 10_000)
FEW, MANY = 4, 12


def figures(binaries):
    return ticks(binaries) + large_host(binaries)


def ticks(binaries):
    """What the state machine does when it is woken, by how many certificates there are and how many are due."""
    with tempfile.TemporaryDirectory(prefix="certplane-bench-") as folder:
        gauge = pathlib.Path(folder) / "certplane-gauge"
        subprocess.run(["strip", "--strip-debug", "-o", gauge, binaries / "certplane-gauge"], check=True)
        cost = {
            (size, due): (instructions(gauge, "tick", size, due, MANY) - instructions(gauge, "tick", size, due, FEW))
            / (MANY - FEW)
            for size in SIZES
            for due in (0, 10)
        }
    found = [
        Figure("scale", f"a tick of {size} certificates, {due} of them due", f"{cost[size, due] / 1000:.1f} k instructions")
        for size, due in cost
    ]
    of_ten = {size: cost[size, 10] - cost[size, 0] for size in SIZES}
    return found + [
        at_most("scale", "ten due ones of 10,000, beside ten of 100", of_ten[10_000] / of_ten[100], 2, "", digits=2)
    ]


def large_host(binaries):
    with house(binaries, "--certificates", str(CERTIFICATES)) as place:
        subprocess.run([binaries / "certplane-gauge", "mint", place.lab, str(CERTIFICATES)], check=True)
        # What is younger is not believed by the next start.
        time.sleep(3)
        with ready_agent(place) as (agent, cold):
            wait_until("the inventory", (place.lab / "agent" / "inventory").exists)
        with ready_agent(place) as (agent, warm):
            time.sleep(5)
            resident = kibibytes(f"/proc/{agent.pid}/status")
            before, began = cpu(agent.pid), time.monotonic()
            time.sleep(IDLE)
            idle = (cpu(agent.pid) - before) / (time.monotonic() - began) * 100
            reload = reloading(place, agent)
            peak = kibibytes(f"/proc/{agent.pid}/status")["VmHWM"]
    return [
        at_most("scale", f"{CERTIFICATES} certificates, start to READY, all files read", cold, 8, "s", digits=2),
        at_most("scale", "the same with the remembered inventory", warm, 2, "s", digits=2),
        at_most("scale", "resident", megabytes(resident["VmRSS"]), RESIDENT_GOAL, "MB"),
        Figure("scale", "resident at most, while starting", f"{megabytes(resident['VmHWM']):.1f} MB"),
        at_most("scale", f"processor time of {IDLE} s of idleness", idle, 0.3, "% of a core", digits=2),
        *reload,
        Figure("scale", "resident at most, with a new configuration", f"{megabytes(peak):.1f} MB"),
    ]


def reloading(place, agent):
    """A configuration in which one certificate has changed: how long until it is in force, and who waits meanwhile."""
    text = place.configuration.read_text()
    place.configuration.write_text(text.replace('dns_names: ["c0001.lab.test"]', 'dns_names: ["c0001x.lab.test"]'))
    log_before = len(place.log_text())
    slowest = 0.0
    began = time.perf_counter()
    os.kill(agent.pid, signal.SIGHUP)
    while "configuration applied" not in place.log_text()[log_before:]:
        if time.perf_counter() - began > 30:
            raise Failed("no new configuration within 30 s")
        asked = time.perf_counter()
        with Connection(place.port) as connection:
            connection.get("/healthz")
        slowest = max(slowest, time.perf_counter() - asked)
    took = time.perf_counter() - began
    return [
        at_most("scale", "a new configuration, SIGHUP to in force", took, 5, "s", digits=2),
        at_most("scale", "slowest /healthz meanwhile", slowest * 1000, 100, "ms"),
    ]


class ready_agent:
    """An agent under a service manager that says how long it took to be ready."""

    def __init__(self, place):
        self.place = place

    def __enter__(self):
        self.path = str(self.place.root / "notify")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.socket.settimeout(120)
        began = time.perf_counter()
        self.process = subprocess.Popen(
            [self.place.agent_binary, "run", "-c", self.place.configuration], stderr=self.place._log(),
            env={**os.environ, "NOTIFY_SOCKET": self.path})
        while b"READY=1" not in self.socket.recv(4096):
            pass
        took = time.perf_counter() - began
        # Somebody has to listen, or the socket fills.
        threading.Thread(target=self._listen, daemon=True).start()
        return self.process, took

    def _listen(self):
        self.socket.settimeout(None)
        try:
            while self.socket.recv(4096):
                pass
        except OSError:
            pass

    def __exit__(self, *_):
        stop(self.process)
        self.socket.close()
        os.unlink(self.path)


def cpu(pid):
    """User and system time of all threads, in seconds."""
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def megabytes(kibibytes):
    return kibibytes * 1024 / 1e6
