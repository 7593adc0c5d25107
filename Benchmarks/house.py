"""A lab and an agent of the release build, in a scratch folder and on loopback."""

import contextlib
import pathlib
import signal
import socket
import subprocess
import tempfile
import time


class Failed(Exception):
    """A measure could not be taken."""


def wait_until(what, condition, seconds=30):
    """Returns what `condition` returns as soon as that is true; looks every 20 ms."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise Failed(f"waited {seconds} s in vain for {what}")
        time.sleep(0.02)
    return value


def free_port():
    """A loopback port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class House:
    """The paths of a lab that runs, and the agents that are started for it."""

    def __init__(self, binaries, root, port):
        self.agent_binary = binaries / "certplane-agent"
        self.port = port
        self.root = root
        self.lab = root / "lab"
        self.configuration = self.lab / "agent.yml"

    def output(self, certificate, file):
        return self.lab / "certs" / certificate / file

    def pending_key(self, certificate):
        return self.lab / "agent" / "pending" / f"{certificate}.key"

    def token(self):
        """What changes over TCP are allowed with."""
        return (self.lab / "agent" / "api.token").read_text().strip()

    def enroll(self):
        subprocess.run(
            [self.agent_binary, "enroll", "-c", self.configuration], check=True, stdout=subprocess.DEVNULL,
            stderr=self._log())

    def start_agent(self):
        """The agent's process, without waiting for anything."""
        return subprocess.Popen([self.agent_binary, "run", "-c", self.configuration], stderr=self._log())

    @contextlib.contextmanager
    def agent(self):
        """An agent whose API answers; stopped at the end."""
        process = self.start_agent()
        try:
            wait_until("the agent's API", self.accepts)
            yield process
        finally:
            stop(process)

    def accepts(self):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def log_text(self):
        return (self.root / "agent.log").read_text()

    def _log(self):
        return open(self.root / "agent.log", "ab")


@contextlib.contextmanager
def house(binaries, *lab_options):
    """A lab with these options and an enrolled host, until the end of the block."""
    with tempfile.TemporaryDirectory(prefix="certplane-bench-") as folder:
        root = pathlib.Path(folder)
        place = House(binaries, root, free_port())
        with open(root / "lab.log", "wb") as log:
            lab = subprocess.Popen(
                [binaries / "certplane-broker", "lab", "--dir", place.lab, "--api-listen",
                 f"127.0.0.1:{place.port}", *lab_options],
                stdout=subprocess.PIPE, stderr=log)
        try:
            if not lab.stdout.readline().startswith(b"ready "):
                raise Failed("the lab does not start: " + (root / "lab.log").read_text())
            place.enroll()
            yield place
        finally:
            stop(lab)


def stop(process):
    """SIGTERM, and the exit that it asks for."""
    process.send_signal(signal.SIGTERM)
    try:
        if process.wait(timeout=15) != 0:
            raise Failed(f"{process.args[0]} ended with {process.returncode}")
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise Failed(f"{process.args[0]} ignores SIGTERM") from None
