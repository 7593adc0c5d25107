"""The broker, which no power cut reaches, and a host's disk with two installed sets that are to be replaced."""

import itertools
import os
import re
import shutil
import struct
import subprocess

from disk import SECTOR
from machine import Mishap

NAMES = ("c0001", "c0002")
TYPES = ("ec-p256", "ec-p384")
# What is wanted, one after the other: each change makes the sets due whose key type it changes. The first is
# installed at the beginning. No more than the budget of orders allows.
STEPS = [("ec-p256", "ec-p256"), ("ec-p384", "ec-p256"), ("ec-p384", "ec-p384"), ("ec-p256", "ec-p256")]
# The folder of the host that each partition holds: where it begins and how long it is. Two, because what one file
# system makes last at once it makes last together.
PARTITIONS = {"": (1 << 20, 32 << 20), "certs": (33 << 20, 16 << 20)}
ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "SWIFT_BACKTRACE": "enable=no"}


class Lab:
    def __init__(self, broker, folder):
        self.process = subprocess.Popen(
            [broker, "lab", "--dir", folder, "--certificates", str(len(NAMES)), "--rate-limit", "off"]
            + ["--api-listen", "off", "--identity-lifetime", "30d"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=ENVIRONMENT)
        self.output = self.process.stderr
        os.set_blocking(self.output.fileno(), False)
        self.partial = b""
        ready = self.process.stdout.readline().decode()
        if not ready.startswith("ready "):
            raise Mishap(f"the lab doesn't start: {self.output.read()!r}")
        self.port = re.search(r"broker=https://127\.0\.0\.1:(\d+)", ready)[1]

    def heard(self):
        """The lines it has written since the last call."""
        if more := self.output.read():
            *lines, self.partial = (self.partial + more).split(b"\n")
            return [line.decode() for line in lines]
        return []

    def close(self):
        self.process.terminate()
        self.process.wait()
        self.process.stdout.close()
        self.output.close()


class Scene:
    """Everything lies at the same paths on this machine and in the guest."""

    def __init__(self, folder, binaries):
        self.folder = folder
        self.agent = os.path.join(binaries, "certplane-agent")
        self.host = f"{folder}/host"
        self.reloads = f"{folder}/reloads"
        self.files = {
            # One set in two file systems, one in one folder.
            "c0001": {name: f"{self.host}/keys/{name}.pem" for name in ("key", "combined")}
            | {name: f"{self.host}/certs/{name}.pem" for name in ("cert", "chain", "fullchain")},
            "c0002": {name: f"{self.host}/c0002/{name}.pem"
                      for name in ("key", "cert", "chain", "fullchain", "combined")},
        }
        self.lab = Lab(os.path.join(binaries, "certplane-broker"), f"{folder}/lab")
        try:
            self._prepare()
        except BaseException:
            self.close()
            raise

    def close(self):
        self.lab.close()

    def config(self, types):
        return f"{self.folder}/config/{'-'.join(types)}.yml"

    @property
    def guest_files(self):
        return [self.config(types) for types in itertools.product(TYPES, repeat=len(NAMES))] + [
            os.path.join(folder, name) for folder, _, names in os.walk(f"{self.folder}/lab/ca") for name in names]

    def _prepare(self):
        self._write_configs()
        for folder in ("keys", "certs", "c0002"):
            os.makedirs(f"{self.host}/{folder}")
        os.makedirs(f"{self.folder}/bin")
        with open(f"{self.folder}/bin/reloaded", "w") as file:
            file.write(f'#!/bin/sh\necho "$1 $2" >>{self.reloads}\n')
        os.chmod(f"{self.folder}/bin/reloaded", 0o755)
        for command in (["enroll"], ["run", "--once"]):
            done = self.run(command, STEPS[0])
            if done.returncode != 0:
                raise Mishap(f"{command[0]} fails before anything was done to it:\n{done.stdout}")
        self.first_orders = self.lab.heard()
        self.first_reloads = self.taken_reloads()
        self.image = self._partitioned()
        shutil.rmtree(self.host)
        os.makedirs(self.host)

    def _write_configs(self):
        with open(f"{self.folder}/lab/agent.yml") as file:
            text = file.read().replace(f"{self.folder}/lab/agent", f"{self.host}/state")
        head, *items = re.split(r"(?m)^(?=  - name:)", text)
        if len(items) != len(NAMES):
            raise Mishap("agent.yml of the lab has not one item a certificate")
        for number, name in enumerate(NAMES):
            items[number] = re.sub(r"(?m)^    (key|cert|chain|fullchain|combined): .*\n", "", items[number])
            items[number] += "".join(f'    {output}: "{path}"\n' for output, path in self.files[name].items())
            items[number] += (
                f"    reload_command: '{self.folder}/bin/reloaded $CERTPLANE_CERTIFICATE $CERTPLANE_SERIAL'\n")
        os.makedirs(f"{self.folder}/config")
        for types in itertools.product(TYPES, repeat=len(NAMES)):
            with open(self.config(types), "w") as file:
                file.write(head + "".join(
                    item + f'    key_type: "{wanted}"\n' for item, wanted in zip(items, types, strict=True)))

    def _partitioned(self):
        """A disk with the host's files, whose first sector is a master boot record."""
        systems = {}
        # The last first: what is mounted below another is not in it.
        for folder, (_, size) in reversed(PARTITIONS.items()):
            systems[folder] = self._make_file_system(f"{self.host}/{folder}", size)
            shutil.rmtree(f"{self.host}/{folder}")
            os.makedirs(f"{self.host}/{folder}")
        image = bytearray(max(start + size for start, size in PARTITIONS.values()))
        for number, (folder, (start, size)) in enumerate(PARTITIONS.items()):
            image[start:start + size] = systems[folder]
            # Not bootable, of Linux, and without cylinders.
            struct.pack_into("<B3sB3sII", image, 446 + 16 * number, 0, b"\xfe\xff\xff", 0x83, b"\xfe\xff\xff",
                             start // SECTOR, size // SECTOR)
        image[510:512] = b"\x55\xaa"
        return bytes(image)

    def _make_file_system(self, content, size):
        """An ext4 of Debian's defaults, apart from its size."""
        path = f"{self.folder}/image"
        with open(path, "wb") as file:
            file.truncate(size)
        subprocess.run(["mkfs.ext4", "-q", "-b", "4096", "-J", "size=4", "-E", "lazy_itable_init=0,root_owner=0:0"]
                       + ["-d", content, path], check=True)
        with open(path, "rb") as file:
            image = file.read()
        os.remove(path)
        return image

    def run(self, command, types, environment=None, prefix=()):
        """The agent on this machine."""
        return subprocess.run(
            [*prefix, self.agent, *command, "-c", self.config(types)], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=ENVIRONMENT | (environment or {}), timeout=60,
            text=True, errors="replace")

    def taken_reloads(self):
        """What has been reloaded on this machine since the last call."""
        try:
            with open(self.reloads) as file:
                lines = file.read().splitlines()
            os.remove(self.reloads)
            return lines
        except FileNotFoundError:
            return []
