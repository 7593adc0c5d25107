"""Power cuts: a machine that renews is killed, its disk loses what was not flushed, and it is switched on again."""

import random
import time

from bench import LATER, Broken
from disk import lose
from machine import Machine, Mishap
from scene import ENVIRONMENT, NAMES, PARTITIONS, STEPS
from verdict import Story, Tree, require_order, require_renewed, require_whole


class Bench:
    """What it takes to switch a machine on."""

    def __init__(self, scene, kernel, version, initramfs, log):
        self.scene = scene
        self.parts = kernel, version, initramfs
        self.log = log
        self.started = 0

    def switch_on(self, image):
        self.scene.lab.heard()
        self.started += 1
        machine = Machine(f"{self.scene.folder}/machine-{self.started}", image, *self.parts, self.scene.lab, self.log)
        try:
            for number, folder in enumerate(PARTITIONS, 1):
                place = f"{self.scene.host}/{folder}"
                self.do(machine, f"mkdir -p {place} && mount -t ext4 /dev/vda{number} {place}")
        except BaseException:
            machine.cut()
            raise
        return machine

    def connect(self, machine):
        """Gives it a network, with the broker at the address that it has here."""
        port = self.scene.lab.port
        self.do(machine, "ip addr add 10.0.2.15/24 dev eth0 && ip link set eth0 up")
        self.do(machine, f"nc -ll -p {port} -e nc 10.0.2.2 {port} & "
                f"until netstat -ltn | grep -q ':{port} '; do usleep 10000; done")

    def do(self, machine, command):
        code, lines = machine.shell(command)
        if code != 0:
            raise Mishap(f"{command}: ends with {code}: {lines}")
        return lines

    def agent(self, command, types, environment=None):
        words = [f"{name}='{value}'" for name, value in (ENVIRONMENT | (environment or {})).items()]
        return f"env {' '.join(words)} /bin/certplane-agent {command} -c {self.scene.config(types)}"

    def begin(self, machine, step, environment=None):
        machine.event("begin", " ".join(STEPS[step]))
        machine.begin(self.agent("run --once", STEPS[step], environment))

    def renew(self, machine, step, environment=None):
        """A whole renewal: seconds, and writes and flushes."""
        started, requests = machine.seconds, machine.disk.requests
        self.begin(machine, step, environment)
        machine.run()
        if machine.ended() != 0:
            raise Mishap(f"a renewal that nothing was done to ends with {machine.ended()}: {machine.lines}")
        machine.event("end", "")
        return machine.seconds - started, machine.disk.requests - requests

    def tree(self, machine):
        lines = self.do(machine, f"echo -n @; tar -c -C / {self.scene.host[1:]} | gzip -1 | base64 -w 0; echo")
        return Tree.packed(next(line for line in lines if line.startswith("@"))[1:])


class Cut:
    """One of them; `image` and `story` tell what it left, for whoever has to find out why it broke something."""

    def __init__(self, bench, seed, number, usual):
        self.bench = bench
        self.random = random.Random(f"{seed}/{number}")
        self.step = self.random.randrange(1, len(STEPS))
        self.changed = [name for name, was, wanted in zip(NAMES, *STEPS[self.step - 1:self.step + 1], strict=True)
                        if was != wanted]
        seconds, requests = usual[self.step]
        # A moment in time falls mostly into the agent's start and its network, one in the disk's work into installs.
        if number % 2:
            self.moment = {"seconds": self.random.uniform(0, seconds)}
        else:
            self.moment = {"requests": self.random.randint(1, requests)}
        self.image = self.story = None
        self.unsafe = self.lost = 0

    def __str__(self):
        seconds, requests = self.moment.get("seconds"), self.moment.get("requests")
        moment = f"{seconds:.3f} s of work" if requests is None else f"disk request {requests}"
        return f"renewal {self.step}, {moment}"

    def take(self):
        scene = self.bench.scene
        machine = self.bench.switch_on(scene.image)
        try:
            self.bench.connect(machine)
            for step in range(1, self.step):
                self.bench.renew(machine, step)
            self.bench.begin(machine, self.step)
            machine.run(**self.moment)
        finally:
            machine.cut()
        history = machine.disk.history
        # The broker goes on with what it was asked for.
        time.sleep(0.3)
        history.records += [("event", "lab", line) for line in scene.lab.heard()]
        self.story = Story(scene).told(history.records)
        image, _ = history.safe(len(history.records))
        unsafe = history.unsafe(len(history.records))
        self.unsafe = sum(len(data) for _, _, data in unsafe)
        self.lost = lose(image, unsafe, self.random)
        self.image = bytes(image)

    def look(self):
        """Switches on again; what `recover` and the next start found and did, by certificate."""
        machine = self.bench.switch_on(self.image)
        story, scene = self.story, self.bench.scene
        try:
            require_whole(self.bench.tree(machine), scene, story)
            code, lines = machine.shell(self.bench.agent("recover", story.wanted))
            if code != 0:
                raise Broken(f"recover ends with {code}: {lines}")
            recovered = require_order(self.bench.tree(machine), scene, story)
            self.bench.connect(machine)
            seen = len(machine.disk.history.records)
            # When every wait that an interrupted order imposes is over.
            self.bench.do(machine, f"date -s @$(($(date +%s) + {LATER})) >/dev/null")
            code, lines = machine.shell(self.bench.agent("run --once", story.wanted))
            story.told(machine.disk.history.records[seen:])
            if code != 0:
                raise Broken(f"the next start ends with {code}: {lines}")
            renewed = require_renewed(self.bench.tree(machine), scene, story)
            machine.begin("poweroff -f")
            while machine.step(10):
                pass
        except BaseException:
            machine.cut()
            raise
        machine.off()
        return recovered, renewed
