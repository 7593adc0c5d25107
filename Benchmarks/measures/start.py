"""From exec to the first answer, beside what loading libcurl costs any program."""

import statistics
import subprocess
import time

from api import Connection
from figure import Figure, at_most
from house import house, stop, wait_until

ROUNDS = 15


def figures(binaries):
    with house(binaries, "--names", "www.lab.test") as place:
        with place.agent():
            wait_until("the certificate", place.output("www", "fullchain.pem").exists)
        agent, curl = [], []
        for _ in range(ROUNDS):
            # In turn, so that whatever else the machine does meets both.
            curl.append(seconds_of_curl())
            agent.append(seconds_to_first_answer(place))
    agent, curl = statistics.median(agent), statistics.median(curl)
    return [
        Figure("start", "curl --version, exec to exit", f"{curl * 1000:.1f} ms"),
        Figure("start", "certplane-agent, exec to first 200 of /healthz", f"{agent * 1000:.1f} ms"),
        at_most("start", "ratio of the two (medians of 15)", agent / curl, 2, "", digits=2),
    ]


def seconds_of_curl():
    began = time.perf_counter()
    subprocess.run(["curl", "--version"], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def seconds_to_first_answer(place):
    began = time.perf_counter()
    agent = place.start_agent()
    try:
        while time.perf_counter() - began < 10:
            try:
                with Connection(place.port) as connection:
                    if connection.get("/healthz").status == 200:
                        return time.perf_counter() - began
            except ConnectionRefusedError:
                # Long enough to leave the processor to the agent, short against what is measured.
                time.sleep(0.0002)
        raise TimeoutError("no answer from the agent within 10 s")
    finally:
        stop(agent)
