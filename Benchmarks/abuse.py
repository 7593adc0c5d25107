"""A hostile local program, and beside it two well-behaved ones that measure what they get."""

import argparse
import contextlib
import json
import multiprocessing
import os
import pathlib
import re
import resource
import selectors
import shutil
import socket
import subprocess
import sys
import threading
import time

from api import Connection
from house import Failed, house, stop, wait_until

MEBIBYTE = 1 << 20
LARGEST_RSS = 40
LONGEST_WAIT = 0.050
# Of the answers that a well-behaved client asks for so many in a hundred may be lost, or a few. When all connections are
# taken one more costs somebody his, and then he has to come again.
LARGEST_LOSS = 2
FEW_LOST = 10
# Where descriptors are left for a handful of connections, they take turns.
SCARCE = {"descriptors": 50}
# Seconds after its time by which a certificate has to be renewed.
LATEST_RENEWAL = 15


class Plan:
    """How hard it gets: as the goals say, or what a test has time for."""

    def __init__(self, short):
        self.short = short
        self.certificates = 100 if short else 1_000
        # Renewals go on meanwhile, some each second.
        self.lifetime = "3m" if short else "6m"
        self.connections = 2_000 if short else 10_000
        self.hold = 2 if short else 10
        self.garbage = (16 if short else 1024) * MEBIBYTE
        self.slow = 3 if short else 40
        self.busy = 4 if short else 20
        # The path of a batch that is done.
        self.batch = None
        # A test shares its machine with other tests: there only standing still counts.
        self.longest_wait = 5 if short else LONGEST_WAIT


class Witness:
    """Asks for /healthz every ten milliseconds, over one connection or over a new one each time, and remembers how long
    the answers took, with connecting. It is a process of its own: its patience is tried by the agent only."""

    def __init__(self, place, keeps):
        self.place, self.keeps, self.times, self.lost = place, keeps, [], 0
        self.here, there = multiprocessing.Pipe()
        self.process = multiprocessing.Process(target=self.watch, args=[there], daemon=True)

    def __enter__(self):
        self.process.start()
        # It is there before the trouble begins.
        self.here.recv()
        return self

    def __exit__(self, *_):
        self.here.send("end")
        self.times, self.lost = self.here.recv()
        self.process.join()

    def watch(self, there):
        connection = None
        while not there.poll(0.01):
            began = time.perf_counter()
            try:
                connection = connection or Connection(self.place.port)
                if connection.get("/healthz").status != 200:
                    self.lost += 1
            except TimeoutError:
                connection = None
                self.lost += 1
            except OSError:
                # Turned away.
                connection = None
                self.lost += 1
                continue
            self.times.append(time.perf_counter() - began)
            if len(self.times) == 1:
                there.send("begun")
            if connection and not self.keeps:
                connection.close()
                connection = None
        there.send((self.times, self.lost))

    def misses_more_than(self, percentage):
        return self.lost > max(FEW_LOST, len(self.times) * percentage // 100)

    @property
    def p99(self):
        return sorted(self.times)[len(self.times) * 99 // 100]

    def __str__(self):
        times = sorted(self.times)
        name = "kept" if self.keeps else "new"
        return (
            f"{name} {times[len(times) // 2] * 1000:.1f}/{self.p99 * 1000:.1f}/{times[-1] * 1000:.1f} ms of {len(times)}"
            + (f", {self.lost} turned away" if self.lost else ""))


def main():
    parser = argparse.ArgumentParser(prog="scripts/abuse")
    parser.add_argument("scenarios", nargs="*", metavar="scenario", help=" | ".join(SCENARIOS) + " (default: all)")
    parser.add_argument("--short", action="store_true", help="less of everything, for the tests")
    parser.add_argument("--binaries", type=pathlib.Path, required=True, help=argparse.SUPPRESS)
    options = parser.parse_args()
    for name in options.scenarios:
        if name not in SCENARIOS:
            parser.error(f"there is no scenario '{name}': choose from {', '.join(SCENARIOS)}")
    plan = Plan(options.short)
    resource.setrlimit(resource.RLIMIT_NOFILE, (20_000, 20_000))
    problems = []
    with house(options.binaries, "--certificates", str(plan.certificates), "--lifetime", plan.lifetime) as place:
        spread(place)
        with place.agent() as agent:
            wait_until("the certificates", lambda: len(issued(place)) == plan.certificates, 900)
            # The highest it came to while it fetched its first certificates is not of interest here.
            reset_peak(agent.pid)
            for name in options.scenarios or SCENARIOS:
                problems += run(name, place, agent.pid, plan)
        if not options.scenarios or "squatter" in options.scenarios:
            problems += squatter(place)
    for problem in problems:
        print(f"FAILED {problem}", file=sys.stderr)
    return 1 if problems else 0


def run(name, place, pid, plan):
    if name == "squatter":
        return []
    if name == "batches":
        plan.batch = done_batch(place)
    began = time.monotonic()
    with Witness(place, keeps=True) as kept, Witness(place, keeps=False) as new:
        problems = SCENARIOS[name](place, pid, plan)
    peak = peak_rss(pid)
    problems += recovers(place)
    late = 0
    try:
        late = lateness(place)
    except OSError as error:
        problems.append(f"no metrics afterwards: {error}")
    print(
        f"{name}: {time.monotonic() - began:.0f} s, healthz p50/p99/longest {kept}; {new}; "
        f"peak RSS {peak:.1f} MiB, latest renewal {late:.1f} s after its time", flush=True)
    if peak >= LARGEST_RSS:
        problems.append(f"the agent grew to {peak:.1f} MiB")
    for witness in (kept, new):
        if witness.p99 >= plan.longest_wait:
            problems.append(f"healthz took {witness.p99 * 1000:.0f} ms")
        if witness.misses_more_than(SCARCE.get(name, LARGEST_LOSS)):
            problems.append(f"{witness.lost} healthz were turned away, {len(witness.times)} were not")
    if late > LATEST_RENEWAL:
        problems.append(f"a certificate is {late:.0f} s late")
    reset_peak(pid)
    return [f"{name}: {problem}" for problem in problems]


def spread(place):
    """Gives each certificate a time of its own, so that they aren't all due at once."""
    lines, number = [], 0
    for line in place.configuration.read_text().splitlines():
        lines.append(line)
        if line.startswith("  - name: "):
            lines.append(f"    renew_before: {60 + number * 37 % 60}s")
            number += 1
    place.configuration.write_text("\n".join(lines) + "\n")


def lateness(place):
    """How many seconds ago the certificate that is due longest was due."""
    with Connection(place.port) as connection:
        text = connection.get("/metrics").body.decode()
    times = re.findall(r"^certplane_certificate_next_renewal_timestamp_seconds{.*} (\S+)$", text, re.MULTILINE)
    return max(0, time.time() - min(float(moment) for moment in times))


def recovers(place):
    """A new client is served, and a renewal that it asks for comes to its end."""
    file = place.output("c0001", "fullchain.pem")
    before = file.stat().st_ino
    deadline = time.monotonic() + 20
    while True:
        try:
            with Connection(place.port) as connection:
                connection.post("/v1/certificates/c0001/renew", place.token(), '{"over_budget":true}')
            break
        except OSError:
            if time.monotonic() > deadline:
                return ["no renewal can be asked for afterwards"]
            time.sleep(0.05)
    try:
        wait_until("a renewal", lambda: file.stat().st_ino != before, 15)
        return []
    except (Failed, FileNotFoundError) as error:
        return [f"no renewal afterwards: {error}"]


def connections(place, _, plan):
    """Many connections, opened and held."""
    held = [opened(place) for _ in range(plan.connections)]
    time.sleep(plan.hold)
    return close(held)


def waiting(place, _, plan):
    """Three hundred requests that wait for their answer."""
    request = post(place, "/v1/certificates/c0002/renew", "Prefer: wait=3\r\n", '{"over_budget":true}')
    held = [opened(place, request) for _ in range(300)]
    codes = {}
    for client in held:
        code = first_line(client)
        codes[code] = codes.get(code, 0) + 1
    close(held)
    print(f"  answers: {codes}")
    return [] if codes.get("200", 0) > 0 else ["none of those that waited was answered"]


def slow_heads(place, _, plan):
    return trickle(place, plan, b"GET /healthz HTTP/1.1\r\nHost: x\r\n", b"X-A: b\r\n")


def slow_bodies(place, _, plan):
    head = f"POST /v1/renew HTTP/1.1\r\nHost: 127.0.0.1:{place.port}\r\nContent-Length: 60000\r\n\r\n".encode()
    return trickle(place, plan, head, b"x")


def trickle(place, plan, beginning, more):
    """Requests that never end, a few bytes a second, on as many connections as there are."""
    held = [opened(place, beginning) for _ in range(256)]
    ends = time.monotonic() + plan.slow
    while time.monotonic() < ends:
        for client in held:
            with contextlib.suppress(OSError):
                client.send(more)
        time.sleep(0.5)
    open_still = sum(1 for client in held if not is_closed(client))
    close(held)
    # Shorter than the limit for a body nothing has to be closed yet.
    return [f"{open_still} of 256 are open still"] if plan.slow > 30 and open_still > 0 else []


def no_readers(place, _, plan):
    """Answers that nobody reads, while the certificates change, so that they aren't all the same."""
    request = get(place, "/metrics") * 4
    held = []
    ends = time.monotonic() + plan.slow
    number = 0
    while time.monotonic() < ends:
        held += [opened(place, request, buffer=4096) for _ in range(60)]
        number += 1
        with contextlib.suppress(OSError), Connection(place.port) as connection:
            connection.post(f"/v1/certificates/c{number % 50 + 3:04}/renew", place.token(), '{"over_budget":true}')
        time.sleep(0.5)
    return close(held)


def garbage(place, _, plan):
    """What is no request, as fast as it is taken, and requests for what isn't there."""
    sent = 0
    noise = os.urandom(4096) * 64
    nothing = get(place, "/no/such/path") * 2000
    while sent < plan.garbage:
        for block in (b"GET / HTTP/1.1\r\nHost: x\r\n" + noise, nothing):
            client = opened(place)
            client.setblocking(True)
            client.settimeout(2)
            reader = threading.Thread(target=drain, args=[client])
            reader.start()
            with contextlib.suppress(OSError):
                for _ in range(8):
                    client.sendall(block)
                    sent += len(block)
            with contextlib.suppress(OSError):
                client.shutdown(socket.SHUT_WR)
            reader.join()
            client.close()
    return []


def descriptors(place, pid, plan):
    """No descriptor left, for a while."""
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    used = len(os.listdir(f"/proc/{pid}/fd"))
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (used + 40, before[1]))
    try:
        held = [opened(place, get(place, "/healthz")) for _ in range(100)]
        # Not only who comes is served: a renewal needs descriptors too.
        problems = recovers(place)
        time.sleep(plan.hold)
        return close(held) + problems
    finally:
        resource.prlimit(pid, resource.RLIMIT_NOFILE, before)
        # For a second it holds fewer connections than usual.
        time.sleep(1.5)


def renewals(place, _, plan):
    """A thousand requests for one renewal that the broker holds meanwhile, and for certificates that there aren't."""
    name = "c0004"
    before = succeeded(place, name)
    (place.lab / "faults").write_text(f"latency:8s@{name}\n")
    one = post(place, f"/v1/certificates/{name}/renew", "", '{"over_budget":true}')
    held = [opened(place, one * 10) for _ in range(100)]
    texts = [answers(client, 10) for client in held]
    accepted = sum(text.count(b"HTTP/1.1 202") for text in texts)
    joined = sum(text.count(b'"joined":true') for text in texts)
    close(held)
    unknown = [opened(place, b"".join(post(place, f"/v1/certificates/x{n}/renew", "", "") for n in range(10)))
               for _ in range(100)]
    refused = sum(answers(client, 10).count(b"HTTP/1.1 404") for client in unknown)
    close(unknown)
    wait_until("the renewal", lambda: succeeded(place, name) > before)
    (place.lab / "faults").write_text("")
    # Another one would be asked of the broker by now.
    time.sleep(2)
    renewed = succeeded(place, name) - before
    print(f"  {accepted} accepted, {joined} of them joined, {renewed} renewals, {refused} unknown")
    problems = []
    if accepted != 1000 or refused != 1000:
        problems.append(f"{accepted} of 1000 accepted, {refused} of 1000 unknown ones refused")
    if joined < 999 or renewed != 1:
        problems.append(f"{joined} of 1000 joined, {renewed} renewals")
    return problems


def succeeded(place, certificate):
    """How often a certificate has been renewed."""
    with Connection(place.port) as connection:
        text = connection.get("/metrics").body.decode()
    return int(re.search(f'renewals_total{{certificate="{certificate}".*?result="succeeded"}} (\\d+)', text)[1])


def heads(place, _, plan):
    """The heads of long answers, asked for as fast as they are taken: little to send, and much to do."""
    return busy(place, plan, 64, head(place, "/metrics") * 320)


def filtered(place, _, plan):
    """Answers that are made for each who asks, on as many connections as there are."""
    return busy(place, plan, 256, get(place, "/v1/certificates?state=valid"))


def batches(place, _, plan):
    """The course of a batch of all certificates, and the head of it as fast as it is taken."""
    return busy(place, plan, 64, get(place, plan.batch) + head(place, plan.batch) * 320)


def done_batch(place):
    """The path of a batch of all certificates: its course is long, and its renewals are no trouble any more."""
    with Connection(place.port) as connection:
        answer = connection.post("/v1/renew", place.token(), '{"all":true,"over_budget":true}')
        path = f"/v1/renewals/{json.loads(answer.body)['batch']['id']}"
        wait_until("the batch", lambda: json.loads(connection.get(path).body)["done"], 600)
    return path


def busy(place, plan, count, block):
    """Sends the block again and again on so many connections, and reads what comes. Who is turned away comes again."""
    selector = selectors.DefaultSelector()
    watched = selectors.EVENT_READ | selectors.EVENT_WRITE

    def join():
        # Sent up to here of the block.
        selector.register(opened(place), watched, [0])

    for _ in range(count):
        join()
    ends = time.monotonic() + plan.busy
    answered = 0
    while time.monotonic() < ends:
        for key, ready in selector.select(0.1):
            try:
                if ready & selectors.EVENT_READ:
                    data = key.fileobj.recv(1 << 18)
                    if not data:
                        raise ConnectionError
                    answered += data.count(b"HTTP/1.1 200")
                if ready & selectors.EVENT_WRITE:
                    sent = key.data[0]
                    key.data[0] = (sent + key.fileobj.send(block[sent:])) % len(block)
            except BlockingIOError:
                pass
            except OSError:
                selector.unregister(key.fileobj)
                key.fileobj.close()
                join()
    close([key.fileobj for key in selector.get_map().values()])
    print(f"  {answered} answers")
    return [] if answered > 0 else ["nobody was answered"]


def slow_http(place, _, plan):
    """What slowhttptest(1) does: heads and bodies that never end, and answers that are read a few bytes at a time."""
    if plan.short:
        return []
    program = shutil.which("slowhttptest")
    if not program:
        return ["there is no slowhttptest"]
    url = f"http://127.0.0.1:{place.port}"
    problems = []
    for what, options in {
        "heads": ["-H", "-i", "1", "-u", f"{url}/healthz"],
        "bodies": ["-B", "-i", "1", "-s", "60000", "-t", "POST", "-u", f"{url}/v1/renew"],
        "reads": ["-X", "-w", "256", "-y", "512", "-n", "1", "-z", "32", "-k", "3", "-u", f"{url}/metrics"],
    }.items():
        run = subprocess.run(
            [program, "-c", "1000", "-r", "500", "-l", "35", "-p", "1", *options], capture_output=True, text=True)
        verdicts = re.findall(r"service available:\S*\s+(?:\x1b\S*)?(YES|NO)", run.stdout)
        print(f"  {what}: {verdicts.count('YES')} times available, {verdicts.count('NO')} times not")
        if "NO" in verdicts or not verdicts:
            problems.append(f"slowhttptest finds the service away while it sends slow {what}")
    return problems


def squatter(place):
    """Another user has the port before the agent: renewals go on, and the API comes when the port is free."""
    program = (
        "import os, socket, time\nos.setuid(65534)\ns = socket.socket()\n"
        "s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)\n"
        f"s.bind(('127.0.0.1', {place.port})); s.listen(); print('ready', flush=True); time.sleep(600)")
    other = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)
    try:
        if other.stdout.readline() != b"ready\n":
            return ["squatter: the other user does not get the port"]
        place.output("c0001", "fullchain.pem").unlink()
        agent = place.start_agent()
        try:
            wait_until("a renewal", place.output("c0001", "fullchain.pem").exists, 30)
            other.kill()
            other.wait()
            wait_until("the API", place.accepts, 30)
            print("squatter: the certificate came all the same, and the API when the port was free")
            return []
        finally:
            stop(agent)
    except Failed as error:
        return [f"squatter: {error}"]
    finally:
        other.kill()
        other.wait()


SCENARIOS = {
    "connections": connections, "waiting": waiting, "slow-heads": slow_heads, "slow-bodies": slow_bodies,
    "slowhttptest": slow_http, "no-readers": no_readers, "garbage": garbage, "descriptors": descriptors, "renewals": renewals,
    "heads": heads, "filtered": filtered, "batches": batches, "squatter": squatter,
}


def issued(place):
    return list((place.lab / "certs").glob("*/fullchain.pem"))


def opened(place, request=b"", buffer=None):
    """A connection on which `request` was sent. Turned away or not: that shows later."""
    client = socket.socket()
    if buffer:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    client.settimeout(10)
    with contextlib.suppress(OSError):
        client.connect(("127.0.0.1", place.port))
        client.sendall(request)
    client.setblocking(False)
    return client


def close(clients):
    for client in clients:
        client.close()
    return []


def get(place, path):
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{place.port}\r\n\r\n".encode()


def head(place, path):
    return get(place, path).replace(b"GET", b"HEAD", 1)


def post(place, path, fields, body):
    kind = "Content-Type: application/json\r\n" if body else ""
    return (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{place.port}\r\nAuthorization: Bearer {place.token()}\r\n"
        f"{kind}{fields}Content-Length: {len(body)}\r\n\r\n{body}").encode()


def first_line(client):
    """The status of the next answer, or how the connection ended."""
    client.settimeout(20)
    try:
        text = client.recv(65536)
        return text[9:12].decode() if text else "closed"
    except OSError as error:
        return type(error).__name__


def answers(client, count):
    """The text of the next answers."""
    client.settimeout(20)
    received = b""
    with contextlib.suppress(OSError):
        while received.count(b"HTTP/1.1 ") < count and (data := client.recv(65536)):
            received += data
    return received


def drain(client):
    with contextlib.suppress(OSError):
        while client.recv(1 << 18):
            pass


def is_closed(client):
    client.setblocking(False)
    try:
        while data := client.recv(65536):
            pass
        return True
    except BlockingIOError:
        return False
    except OSError:
        return True


def reset_peak(pid):
    pathlib.Path(f"/proc/{pid}/clear_refs").write_text("5")


def peak_rss(pid):
    return int(re.search(r"VmHWM:\s+(\d+) kB", pathlib.Path(f"/proc/{pid}/status").read_text())[1]) / 1024


if __name__ == "__main__":
    sys.exit(main())
