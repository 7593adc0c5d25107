"""What the agent keeps resident: idle with one certificate, and after eight renewals at the same time."""

import json
import re
import time

from api import Connection
from figure import Figure, at_most
from house import house, wait_until

SETTLING = 5
RENEWALS = 8


def figures(binaries):
    return idle(binaries) + after_renewals(binaries)


def idle(binaries):
    """Five seconds after its first certificate was issued."""
    with house(binaries, "--names", "www.lab.test") as place, place.agent() as agent:
        wait_until("the certificate", place.output("www", "fullchain.pem").exists)
        time.sleep(SETTLING)
        return held_against("idle, one certificate", agent.pid, 16)


def after_renewals(binaries):
    """First issuance and then a forced renewal of eight certificates, each time all of them at once."""
    names = [f"c{number:04}" for number in range(1, RENEWALS + 1)]
    # An order that takes a moment makes sure that all eight are under way together.
    with house(binaries, "--certificates", str(RENEWALS), "--issue-delay", "200ms") as place:
        with place.agent() as agent:
            files = [place.output(name, "fullchain.pem") for name in names]
            wait_until("the certificates", lambda: all(file.exists() for file in files))
            token = place.token()
            connection = Connection(place.port)
            # A file is there before its renewal is over, and who asks then joins that one.
            wait_until("the first renewals to be over", lambda: states(connection) == {"valid"})
            first = [file.stat().st_ino for file in files]
            for name in names:
                connection.post(f"/v1/certificates/{name}/renew", token)
            wait_until(
                "the renewals", lambda: all(file.stat().st_ino != inode for file, inode in zip(files, first)))
            time.sleep(SETTLING)
            return held_against(f"after {RENEWALS} parallel renewals", agent.pid, 26)


def states(connection):
    """What the certificates are at."""
    return {certificate["state"] for certificate in json.loads(connection.get("/v1/status").body)["certificates"]}


def held_against(what, pid, limit):
    """RSS with its goal; beside it PSS, what of RSS no file backs, and its peak."""
    rollup = kibibytes(f"/proc/{pid}/smaps_rollup")
    peak = kibibytes(f"/proc/{pid}/status")["VmHWM"]
    return [
        at_most("memory", f"RSS {what}", rollup["Rss"] / 1024, limit, "MiB"),
        Figure("memory", f"PSS {what}", f"{rollup['Pss'] / 1024:.1f} MiB"),
        Figure("memory", f"anonymous {what}", f"{rollup['Anonymous'] / 1024:.1f} MiB"),
        Figure("memory", f"peak RSS {what}", f"{peak / 1024:.1f} MiB"),
    ]


def kibibytes(path):
    """The lines `Name: N kB` of a file in /proc."""
    with open(path) as file:
        pairs = re.findall(r"^(\w+):\s+(\d+) kB", file.read(), re.MULTILINE)
    return {name: int(value) for name, value in pairs}
