"""How long the API takes to answer while eight orders hang and an RSA-4096 key is being made."""

import shutil
import time

from api import Connection
from figure import Figure, below
from house import Failed, house, wait_until

REQUESTS = 500
PATHS = ("/healthz", "/v1/status", "/metrics")
HANGING = 8
TRIES = 6
SLOW = f"c{HANGING + 1:04}"


def figures(binaries):
    with house(binaries, "--certificates", str(HANGING + 1), "--fault", "hang") as place:
        give_one_a_slow_key(place)
        for _ in range(TRIES):
            shutil.rmtree(place.pending_key(SLOW).parent, ignore_errors=True)
            with place.agent():
                if times := times_under_load(place):
                    break
        else:
            raise Failed(f"in each of {TRIES} tries the RSA key was made before the requests were over")
    found = []
    for path, seconds in times.items():
        milliseconds = sorted(second * 1000 for second in seconds)
        found += [
            below("latency", f"{path}, p50 of {REQUESTS}", milliseconds[REQUESTS // 2], 2, "ms"),
            below("latency", f"{path}, p99 of {REQUESTS}", milliseconds[REQUESTS * 99 // 100], 20, "ms"),
            Figure("latency", f"{path}, slowest", f"{milliseconds[-1]:.2f} ms"),
        ]
    return found


def give_one_a_slow_key(place):
    text = place.configuration.read_text()
    before, profile, after = text.partition(f'profile: "{SLOW}"\n')
    if not profile:
        raise Failed(f"no profile {SLOW} in {place.configuration}")
    # With a place for each certificate the slow key doesn't wait for the eight orders.
    place.configuration.write_text(
        f"{before}{profile}    key_type: rsa-4096\n{after}\nrenewal:\n  concurrency: {HANGING + 1}\n")


def times_under_load(place):
    """Seconds of each request by path; None when the key was ready before the last of them."""
    slow = place.pending_key(SLOW)
    others = [place.pending_key(f"c{number:04}") for number in range(1, HANGING + 1)]
    # An order follows its key within milliseconds.
    wait_until("eight orders", lambda: all(key.exists() for key in others))
    time.sleep(0.1)
    times = {path: [] for path in PATHS}
    with Connection(place.port) as connection:
        for _ in range(REQUESTS):
            for path in PATHS:
                began = time.perf_counter()
                answer = connection.get(path)
                times[path].append(time.perf_counter() - began)
                if answer.status != 200:
                    raise Failed(f"{path} answers {answer.status}")
    return None if slow.exists() else times
