"""What clients that stay connected cost in memory, and whether requests leave anything behind."""

import time

from api import Connection
from figure import at_most, below
from house import house, wait_until
from measures.memory import kibibytes

CONNECTIONS = 256
REQUESTS = 100_000
PATHS = ("/healthz", "/v1/status", "/metrics", "/readyz")
# Requests that are sent before their answers are read: as many as fit what a connection may owe.
AT_ONCE = 4


def figures(binaries):
    with house(binaries, "--names", "www.lab.test") as place, place.agent() as agent:
        wait_until("the certificate", place.output("www", "fullchain.pem").exists)
        time.sleep(1)
        # What the first requests of each kind need once is not of interest here.
        with Connection(place.port) as warm:
            ask(warm, 800)
        before = rss(agent.pid)
        held = [Connection(place.port) for _ in range(CONNECTIONS)]
        for connection in held:
            ask(connection, len(PATHS))
        added = rss(agent.pid) - before
        for connection in held:
            connection.socket.close()
        with Connection(place.port) as connection:
            before = rss(agent.pid)
            ask(connection, REQUESTS)
            growth = rss(agent.pid) - before
    return [
        below("small", f"{CONNECTIONS} idle connections add", added, 1, "MiB"),
        at_most("small", f"{REQUESTS} requests leave", growth, 0.25, "MiB", digits=2),
    ]


def ask(connection, requests):
    """So many requests, each path as often as the others."""
    for _ in range(max(1, requests // len(PATHS) // AT_ONCE)):
        for path in PATHS:
            connection.get_at_once(path, min(AT_ONCE, requests // len(PATHS)))


def rss(pid):
    return kibibytes(f"/proc/{pid}/smaps_rollup")["Rss"] / 1024
