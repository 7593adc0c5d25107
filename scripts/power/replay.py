"""Every power cut that a recorded run of renewals could have had: its disk's history is gone back to, and examined."""

import contextlib
import os
import random
import subprocess

from bench import LATER, Broken
from disk import lose, write_image
from machine import Mishap
from scene import PARTITIONS, STEPS
from verdict import Story, Tree, require_order, require_renewed, require_whole

# What is seen outside and changes what must be found on the disk.
TELLING = ("begin", "lab", "reload", "end")


def record(bench, environment=None):
    """The history of a disk during all renewals, and the usual seconds and requests of each."""
    machine = bench.switch_on(bench.scene.image)
    try:
        bench.connect(machine)
        usual = {step: bench.renew(machine, step, environment) for step in range(1, len(STEPS))}
    finally:
        machine.cut()
    return machine.disk.history, usual


def points(history, seed, more):
    """(position, variant): for each flush the moment after it, the moment before it with all writes on the disk, and
    `more` moments since the one before it with some; and the moment after each event. The variant is None when
    nothing that isn't safe survives, else what to choose with (False: all survives)."""
    chosen = random.Random(seed)
    records = history.records
    begin = next(at for at, each in enumerate(records) if each[:2] == ("event", "begin")) + 1
    before = begin
    for at in range(begin, len(records)):
        if records[at][0] == "event" and records[at][1] in TELLING:
            yield at + 1, None
        elif records[at][0] == "flush":
            if any(each[0] == "write" for each in records[before:at]):
                yield at, False
                for number in range(more):
                    yield chosen.randint(before + 1, at), random.Random(f"{seed}/{at}/{number}")
            yield at + 1, None
            before = at + 1


class Replay:
    def __init__(self, scene, history, tools):
        self.scene = scene
        self.history = history
        self.later = {"LD_PRELOAD": tools["later"], "WALL_OFFSET": str(LATER)}
        # In memory if it can be: what is proven doesn't depend on what lies below the image.
        self.image = f"{'/dev/shm' if os.path.isdir('/dev/shm') else scene.folder}/power-cut.{os.getpid()}"
        self.safe, self.covered = bytearray(history.base), 0
        self.left = b""

    def examine(self, position, variant):
        """What was found at that point: by certificate, whether recovery and start had something to do."""
        self.safe, self.covered = self.history.safe(position, self.safe, self.covered)
        image = bytearray(self.safe)
        if variant is not None:
            lose(image, self.history.unsafe(position), variant or None)
        self.left = image
        write_image(image, self.image)
        story = Story(self.scene).told(self.history.records[:position])
        self.scene.lab.heard()
        self.scene.taken_reloads()
        try:
            with contextlib.ExitStack() as mounted:
                mounted.callback(self._require_sound)
                for folder, (start, size) in PARTITIONS.items():
                    place = f"{self.scene.host}/{folder}"
                    subprocess.run(
                        ["mount", "-o", f"loop,offset={start},sizelimit={size}", self.image, place], check=True)
                    mounted.callback(subprocess.run, ["umount", place], check=True)
                return self._look(story)
        finally:
            os.remove(self.image)

    def _look(self, story):
        scene = self.scene
        at_once = Tree.on_disk(scene.host)
        require_whole(at_once, scene, story)
        done = scene.run(["recover"], story.wanted, prefix=("unshare", "--net"))
        if done.returncode != 0:
            raise Broken(f"recover ends with {done.returncode}:\n{done.stdout}")
        recovered = Tree.on_disk(scene.host)
        try:
            found = require_order(recovered, scene, story)
        except Broken as fault:
            raise Broken(f"after recover: {fault}\n{done.stdout}") from None
        done = scene.run(["run", "--once"], story.wanted, self.later)
        for line in scene.lab.heard():
            story.hear("lab", line)
        for line in scene.taken_reloads():
            story.hear("reload", line)
        try:
            if done.returncode != 0:
                raise Broken(f"it ends with {done.returncode}")
            renewed = require_renewed(Tree.on_disk(scene.host), scene, story)
        except Broken as fault:
            raise Broken(f"after the next start: {fault}\n{done.stdout}") from None
        return at_once.unlocked() != recovered.unlocked(), found != renewed

    def _require_sound(self):
        """The file system itself must be in order, else the disk has lost what no disk may lose."""
        for start, _ in PARTITIONS.values():
            done = subprocess.run(["e2fsck", "-fn", f"{self.image}?offset={start}"], stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True)
            if done.returncode != 0:
                raise Mishap(f"the file system is damaged:\n{done.stdout}")
