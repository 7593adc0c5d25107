"""The local API beside nginx and Python's prometheus_client: each server pinned to one core, wrk to another.

The client is full before our server is, so beside each rate stands the processor time of the server per request."""

import contextlib
import os
import pathlib
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import typing

from api import Connection
from figure import Figure, at_least, at_most
from house import Failed, free_port, house, wait_until

ROUNDS = 5
SECONDS = 2
CERTIFICATES = 1_000
SERVER_CORE, CLIENT_CORE = 0, 1
PIPELINE = 16

PIPELINED = """
init = function(args)
    local requests = {}
    for i = 1, %d do requests[i] = wrk.format(nil, "/healthz") end
    all = table.concat(requests)
end
request = function() return all end
"""

NGINX = """
daemon off;
master_process off;
worker_processes 1;
pid %(folder)s/nginx.pid;
error_log %(folder)s/error.log;
events { worker_connections 1024; }
http {
    access_log off;
    server_tokens off;
    sendfile on;
    tcp_nopush on;
    tcp_nodelay on;
    keepalive_requests 1000000000;
    open_file_cache max=16;
    client_body_temp_path %(folder)s/body;
    proxy_temp_path %(folder)s/proxy;
    fastcgi_temp_path %(folder)s/fastcgi;
    uwsgi_temp_path %(folder)s/uwsgi;
    scgi_temp_path %(folder)s/scgi;
    server {
        listen 127.0.0.1:%(port)d;
        default_type "text/plain; charset=utf-8";
        add_header Cache-Control no-store;
        add_header X-Pad "%(pad)s";
        location = /healthz { return 200 "ok\\n"; }
        location = /metrics { alias %(folder)s/metrics; }
    }
}
"""


class Sample(typing.NamedTuple):
    rate: float
    cpu: float
    p50: float
    p99: float


def figures(binaries):
    if len(os.sched_getaffinity(0)) < 2:
        raise Failed("server and client need a core each")
    with house(binaries, "--certificates", str(CERTIFICATES)) as place, place.agent() as agent:
        last = place.output(f"c{CERTIFICATES:04}", "fullchain.pem")
        wait_until(f"{CERTIFICATES} certificates", lambda: issued(place) == CERTIFICATES and last.exists(), 600)
        pin(agent.pid, SERVER_CORE)
        ours = Server("agent", agent.pid, place.port)
        with Connection(place.port) as connection:
            metrics = connection.get("/metrics").body
        with nginx(place.root, ours, metrics) as other:
            found = against(ours, other, "/healthz", 32, 1.1, 0.85)
            found += against(ours, other, "/healthz", 32, 6, None, pipelined=True)
            found += against(ours, other, "/metrics", 8, 1.1, None)
        with prometheus_client(place.root, metrics) as other:
            found += against_python(ours, other)
        return found


class Server(typing.NamedTuple):
    name: str
    pid: int
    port: int


def issued(place):
    return sum(1 for _ in (place.lab / "certs").glob("*/fullchain.pem"))


def against(ours, other, path, connections, rate_goal, cpu_goal, pipelined=False):
    samples = {ours: [], other: []}
    for _ in range(ROUNDS):
        # In turn, so that whatever else the machine does meets both.
        for server in (other, ours):
            samples[server].append(load(server, path, connections, pipelined))
    what = f"{path}, {PIPELINE} deep" if pipelined else path
    medians = {server: median(all) for server, all in samples.items()}
    found = []
    for server, sample in medians.items():
        found.append(
            Figure(
                "api", f"{what}, {connections} connections, {server.name}",
                f"{sample.rate:.0f}/s, {sample.cpu * 1e6:.2f} µs of CPU each, "
                f"p50 {sample.p50:.3f} ms, p99 {sample.p99:.3f} ms"))
    mine, theirs = medians[ours], medians[other]
    found.append(at_least("api", f"{what}, rate to {other.name}'s", mine.rate / theirs.rate, rate_goal, "", digits=2))
    ratio = mine.cpu / theirs.cpu
    what = f"{what}, CPU per request to {other.name}'s"
    found.append(
        Figure("api", what, f"{ratio:.2f}") if cpu_goal is None
        else at_most("api", what, ratio, cpu_goal, "", digits=2))
    return found


def against_python(ours, other):
    samples = {ours: [], other: []}
    for _ in range(3):
        for server in (other, ours):
            samples[server].append(load(server, "/metrics", 1, False))
    mine, theirs = median(samples[ours]), median(samples[other])
    return [
        Figure("api", "/metrics, 1 connection, prometheus_client", f"{theirs.rate:.1f}/s"),
        at_least("api", "/metrics, rate to prometheus_client's", mine.rate / theirs.rate, 20, "", digits=0),
    ]


def median(samples):
    return Sample(*(statistics.median(column) for column in zip(*samples)))


def load(server, path, connections, pipelined):
    """What wrk gets out of a server in a few seconds, and what that costs the server."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{SECONDS}s", "--latency"]
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        if pipelined:
            script.write(PIPELINED % PIPELINE)
            script.flush()
            command += ["-s", script.name]
        before = cpu_seconds(server.pid)
        text = subprocess.run(
            [*command, f"http://127.0.0.1:{server.port}{path}"], check=True, capture_output=True, text=True,
            preexec_fn=lambda: os.sched_setaffinity(0, {CLIENT_CORE})).stdout
        spent = cpu_seconds(server.pid) - before
    if "Non-2xx" in text:
        raise Failed(f"{server.name} does not answer {path}: {text}")
    requests = int(re.search(r"(\d+) requests in", text)[1])
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1])
    return Sample(rate, spent / requests, percentile(text, 50), percentile(text, 99))


def percentile(text, which):
    value, unit = re.search(rf"^\s+{which}%\s+([\d.]+)(us|ms|s)", text, re.MULTILINE).groups()
    return float(value) * {"us": 0.001, "ms": 1, "s": 1000}[unit]


def cpu_seconds(pid):
    """What all threads of the process have run, to the nanosecond."""
    tasks = pathlib.Path(f"/proc/{pid}/task")
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks.iterdir()) / 1e9


def pin(pid, core):
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        os.sched_setaffinity(int(task.name), {core})


@contextlib.contextmanager
def nginx(root, ours, metrics):
    """An nginx whose answers have heads as long as ours."""
    folder = root / "nginx"
    folder.mkdir()
    (folder / "metrics").write_bytes(metrics)
    port = free_port()
    settings = {"folder": folder, "port": port, "pad": "x"}
    configuration = folder / "nginx.conf"
    for _ in range(2):
        configuration.write_text(NGINX % settings)
        process = subprocess.Popen(
            ["nginx", "-e", folder / "error.log", "-p", folder, "-c", configuration],
            preexec_fn=lambda: os.sched_setaffinity(0, {SERVER_CORE}))
        try:
            wait_until("nginx", lambda: head_length(port) is not None)
            missing = head_length(ours.port) - head_length(port)
            if missing == 0:
                yield Server("nginx", process.pid, port)
                return
            settings["pad"] = "x" * max(1, len(settings["pad"]) + missing)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait()
    raise Failed(f"the heads of nginx and the agent differ by {missing} bytes")


def head_length(port):
    try:
        with Connection(port) as connection:
            return connection.head_length("/healthz")
    except ConnectionRefusedError:
        return None


@contextlib.contextmanager
def prometheus_client(root, metrics):
    """Python's own exporter with the same series."""
    environment = root / "venv"
    (root / "series").write_bytes(metrics)
    subprocess.run([sys.executable, "-m", "venv", environment], check=True)
    subprocess.run(
        [environment / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check", "prometheus_client"],
        check=True)
    port = free_port()
    script = pathlib.Path(__file__).parent.parent / "prometheus_server.py"
    process = subprocess.Popen(
        [environment / "bin" / "python3", "-B", script, root / "series", str(port)],
        preexec_fn=lambda: os.sched_setaffinity(0, {SERVER_CORE}))
    try:
        wait_until("prometheus_client", lambda: listens(port))
        yield Server("prometheus_client", process.pid, port)
    finally:
        process.kill()
        process.wait()


def listens(port):
    try:
        Connection(port).__exit__()
        return True
    except ConnectionRefusedError:
        time.sleep(0.1)
        return False
