"""First issuance of many certificates: where the time goes, beside the same files written by a bare loop; and how many
connections and how much time it takes when the broker is the slow one."""

import concurrent.futures
import datetime
import json
import os
import pathlib
import re
import tempfile
import time

from api import Connection
from figure import Figure, at_most
from house import house, wait_until

CERTIFICATES = 100
CONCURRENCY = 8
ROUNDS = 5
SLOW_CERTIFICATES, DELAY = 200, 0.2
# What one first issuance makes last: the files, and the directories that have to remember their names.
FILES = {"state": 2, "pending": 1, "target": 4, "journal": 1}
FILE_BYTES = 1500


def figures(binaries):
    return fast(binaries) + slow(binaries)


def fast(binaries):
    # A file system hands out new inodes the slower the more were freed in the last seconds: so all in turn, and the floor
    # before and after.
    rounds = sorted((fast_round(binaries) for _ in range(ROUNDS)), key=lambda found: found[0] / found[1])
    took, bare, steps = rounds[ROUNDS // 2]
    total = sum(steps.values())
    return [
        Figure("issue", f"{stage}, share of the work of {CERTIFICATES} renewals", f"{seconds / total * 100:.0f} %")
        for stage, seconds in sorted(steps.items(), key=lambda step: -step[1])
    ] + [
        Figure("issue", f"{CERTIFICATES} certificates", f"{took * 1000:.0f} ms"),
        Figure("issue", "the same files by a bare loop", f"{bare * 1000:.0f} ms"),
        at_most("issue", f"ratio of the two, median of {ROUNDS} rounds", took / bare, 2.5, "", digits=2),
    ]


def fast_round(binaries):
    with house(binaries, "--certificates", str(CERTIFICATES)) as place:
        before = floor(place.root)
        took, steps = issuance(place, CERTIFICATES)
        bare = min(before, floor(place.root))
    return took, bare, steps


def slow(binaries):
    with house(
        binaries, "--certificates", str(SLOW_CERTIFICATES), "--issue-delay", f"{int(DELAY * 1000)}ms"
    ) as place:
        took, _ = issuance(place, SLOW_CERTIFICATES)
        handshakes = (place.root / "lab.log").read_text().count('msg="handshake finished"')
    least = SLOW_CERTIFICATES * DELAY / CONCURRENCY
    what = f"{SLOW_CERTIFICATES} certificates at {DELAY} s each"
    return [
        at_most("issue", f"{what}, beside the least possible {least:.0f} s", took / least, 1.3, "", digits=2),
        at_most("issue", "handshakes for them", handshakes, CONCURRENCY, "", digits=0),
    ]


def issuance(place, count):
    """From the first due certificate to the last installed one, and the seconds that went into each stage, all renewals together."""
    with place.agent():
        names = [f"c{number:04}" for number in range(1, count + 1)]
        wait_until("the certificates", lambda: all(place.output(name, "fullchain.pem").exists() for name in names), 120)
        with Connection(place.port) as connection:
            def ended():
                status = json.loads(connection.get("/v1/status").body)
                return status["counts"]["valid"] == count
            wait_until("the end of every renewal", ended)
            steps = {}
            for name in names:
                history = json.loads(connection.get(f"/v1/certificates/{name}/history").body)
                renewal = [entry["renewal"] for entry in history["events"] if entry.get("renewal")][0]
                record = json.loads(connection.get(f"/v1/renewals/{renewal}").body)
                for step in record["steps"]:
                    steps[step["stage"]] = steps.get(step["stage"], 0) + (step["duration_seconds"] or 0)
    log = place.log_text()
    return last(log, "certificate installed") - first(log, "certificate is due"), steps


def first(log, message):
    return moment(re.search(rf'^time=(\S+) .*msg="{message}"', log, re.MULTILINE)[1])


def last(log, message):
    return moment(re.findall(rf'^time=(\S+) .*msg="{message}"', log, re.MULTILINE)[-1])


def moment(text):
    """A time of the log as seconds, to the millisecond."""
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def floor(root):
    """As many files and directories as the issuance makes, each made last, by as many threads."""
    with tempfile.TemporaryDirectory(dir=root) as folder:
        top = pathlib.Path(folder)
        for name in ("state", "pending", "journal"):
            (top / name).mkdir()
        began = time.perf_counter()
        with concurrent.futures.ThreadPoolExecutor(CONCURRENCY) as pool:
            list(pool.map(lambda number: write_set(top, number), range(CERTIFICATES)))
        return time.perf_counter() - began


def write_set(top, number):
    content = b"x" * FILE_BYTES
    (top / f"target{number}").mkdir()
    make_last(top)
    for place, count in FILES.items():
        folder = top / (f"target{number}" if place == "target" else place)
        for file in range(count):
            staged, final = folder / f".{number}.{file}", folder / f"{number}.{file}"
            descriptor = os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            os.write(descriptor, content)
            os.fsync(descriptor)
            os.close(descriptor)
            os.rename(staged, final)
        make_last(folder)


def make_last(folder):
    descriptor = os.open(folder, os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)
