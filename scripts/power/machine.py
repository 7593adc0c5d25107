"""A machine in QEMU whose power can be cut: Debian's cloud kernel, busybox, and the agent with its libraries."""

import glob
import os
import re
import selectors
import shutil
import signal
import socket
import subprocess
import time

from disk import SECTOR, Disk

MODULES = ("virtio_pci", "virtio_blk", "virtio_net", "virtio_console", "virtio-rng")
# Long: beside other work an emulated machine can be slow.
PATIENCE = 1800


class Mishap(Exception):
    """The machine, the broker or this script fails: nothing is found out about the agent."""


INIT = """#!/bin/busybox sh
/bin/busybox mkdir -p /proc /sys /dev /bin /sbin /usr/bin /tmp
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
for module in MODULES; do insmod /modules/$module.ko; done
ip link set lo up
until [ -c /dev/vport0p1 ] && [ -c /dev/vport0p2 ] && [ -b /dev/vda2 ]; do usleep 10000; done
exec sh 0<>/dev/vport0p1 1>&0 2>&0
"""

# A port can be open only once; two reloads may run at the same time.
RELOADED = """#!/bin/sh
until echo "$1 $2" 2>/dev/null >/dev/vport0p2; do usleep 1000; done
"""


def fetch_kernel(cache):
    """Debian's kernel, unpacked and not installed: the folder and its version."""
    unpacked = os.path.join(cache, "kernel")
    if not glob.glob(f"{unpacked}/boot/vmlinuz-*"):
        shutil.rmtree(cache, ignore_errors=True)
        os.makedirs(cache)
        depends = subprocess.run(["apt-cache", "depends", "linux-image-cloud-amd64"], check=True,
                                 stdout=subprocess.PIPE, text=True).stdout
        package = re.search(r"Depends: (linux-image-\S+)", depends)
        if not package:
            raise Mishap("Debian has no linux-image-cloud-amd64: run apt-get update")
        subprocess.run(["apt-get", "download", "-qq", "-o", "APT::Sandbox::User=root", package[1]], cwd=cache,
                       check=True)
        archive = glob.glob(f"{cache}/*.deb")[0]
        subprocess.run(["dpkg", "-x", archive, unpacked], check=True)
        os.remove(archive)
    version = os.path.basename(glob.glob(f"{unpacked}/boot/vmlinuz-*")[0]).removeprefix("vmlinuz-")
    if not os.path.exists(f"{unpacked}/lib/modules/{version}/modules.dep"):
        subprocess.run(["depmod", "-b", unpacked, version], check=True)
    return unpacked, version


def make_initramfs(folder, kernel, version, agent, files):
    """Packs busybox, the modules, the agent with what it is linked to, and `files` at the paths they have here."""
    root = os.path.join(folder, "initramfs")
    modules = []
    for name in MODULES:
        shown = subprocess.run(["modprobe", "-d", kernel, "-S", version, "--show-depends", name], check=True,
                               stdout=subprocess.PIPE, text=True).stdout
        modules += [path for path in re.findall(r"insmod (\S+)", shown) if path not in modules]
    linked = subprocess.run(["ldd", agent], check=True, stdout=subprocess.PIPE, text=True).stdout
    copies = {path: path for path in re.findall(r"(/\S+) \(0x", linked)}
    copies |= {f"/modules/{os.path.basename(path)}": path for path in modules}
    copies |= {"/bin/busybox": shutil.which("busybox"), "/bin/certplane-agent": agent}
    copies |= {path: path for path in files}
    for target, source in copies.items():
        os.makedirs(os.path.dirname(root + target), exist_ok=True)
        shutil.copy(source, root + target)
    names = " ".join(os.path.basename(path).removesuffix(".ko") for path in modules)
    for path, text in {"/init": INIT.replace("MODULES", names), f"{folder}/bin/reloaded": RELOADED}.items():
        os.makedirs(os.path.dirname(root + path), exist_ok=True)
        with open(root + path, "w") as file:
            file.write(text)
        os.chmod(root + path, 0o755)
    packed = root + ".cpio"
    with open(packed, "wb") as file:
        subprocess.run("find . | cpio -o -H newc -R 0:0 --quiet", shell=True, cwd=root, check=True, stdout=file)
    shutil.rmtree(root)
    return packed


class Machine:
    """Switched on when made. All that happens, on the disk and outside, goes into the disk's history in the order in
    which it can be known to have happened: what the guest or the broker said before what is written afterwards."""

    def __init__(self, folder, image, kernel, version, initramfs, lab, log):
        self.lab = lab
        self.folder = folder
        os.makedirs(folder)
        self.disk = Disk(image, f"{folder}/disk")
        self.ports = {}
        self.partial = {}
        self.lines = []
        listeners = {}
        for name in ("shell", "reloads"):
            listeners[name] = socket.socket(socket.AF_UNIX)
            listeners[name].bind(f"{folder}/{name}")
            listeners[name].listen(1)
        self.console = open(log, "ab", buffering=0)
        self.qemu = subprocess.Popen(
            # Its clock counts instructions: beside other work its timers must not seem broken to the kernel.
            ["qemu-system-x86_64", "-accel", "tcg", "-icount", "shift=auto", "-cpu", "max", "-M", "q35"]
            + ["-m", "384", "-smp", "1", "-display", "none", "-monitor", "none", "-serial", "stdio", "-no-reboot"]
            + ["-nodefaults", "-kernel", f"{kernel}/boot/vmlinuz-{version}", "-initrd", initramfs]
            + ["-append", "console=ttyS0 quiet panic=-1 no_timer_check mitigations=off"]
            # First: its number is in the names of its ports.
            + ["-device", "virtio-serial-pci,id=ports"]
            + ["-drive", f"file=nbd+unix:///?socket={folder}/disk,format=raw,if=none,id=disk,cache=none"]
            + ["-device", f"virtio-blk-pci,drive=disk,write-cache=on,"
               f"logical_block_size={SECTOR},physical_block_size={SECTOR}"]
            + ["-device", "virtio-rng-pci"]
            + ["-netdev", "user,id=net,ipv6=off", "-device", "virtio-net-pci,netdev=net,romfile="]
            + [word for number, name in enumerate(("shell", "reloads"), 1) for word in (
                "-chardev", f"socket,id={name},path={folder}/{name}",
                "-device", f"virtserialport,bus=ports.0,chardev={name},nr={number}")],
            stdin=subprocess.DEVNULL, stdout=self.console, stderr=self.console)
        try:
            for name, listener in listeners.items():
                listener.settimeout(PATIENCE)
                self.ports[name], _ = listener.accept()
                self.ports[name].setblocking(False)
                self.partial[name] = b""
            self.disk.accept(PATIENCE)
        except BaseException:
            self.cut()
            raise
        finally:
            for listener in listeners.values():
                listener.close()
        self.selector = selectors.DefaultSelector()
        for channel in (*self.ports.values(), self.disk.client, lab.output):
            self.selector.register(channel, selectors.EVENT_READ)

    def event(self, kind, text):
        self.console.write(f"[{kind}] {text}\n".encode())
        self.disk.history.records.append(("event", kind, text))

    def step(self, patience):
        """Takes note of what has happened. False when the machine is off."""
        self.selector.select(patience)
        for name in self.ports:
            self._hear(name)
        for line in self.lab.heard():
            self.event("lab", line)
        return self.disk.step()

    def _hear(self, name):
        while True:
            try:
                more = self.ports[name].recv(1 << 20)
            except (BlockingIOError, ConnectionError):
                return
            if not more:
                return
            *lines, self.partial[name] = (self.partial[name] + more).split(b"\n")
            for line in lines:
                text = line.decode(errors="replace").rstrip("\r")
                if name == "shell":
                    self.lines.append(text)
                    # The end of a command and the trees are between the machine and us.
                    if not text.startswith("@"):
                        self.event("agent", text)
                else:
                    self.event("reload", text)

    def begin(self, command):
        """Lets the guest's shell do something, and doesn't wait for it."""
        self.lines.clear()
        self.ports["shell"].sendall(f"{{ {command}; }} </dev/null; echo @done $?\n".encode())

    def ended(self):
        """The exit code of what was begun last; None while it runs."""
        return next((int(line.split()[1]) for line in self.lines if line.startswith("@done ")), None)

    def shell(self, command):
        """Exit code and output."""
        self.begin(command)
        deadline = time.monotonic() + PATIENCE
        while self.ended() is None:
            if not self.step(deadline - time.monotonic()) or time.monotonic() > deadline:
                raise Mishap(f"the machine doesn't answer to: {command}")
        return self.ended(), [line for line in self.lines if not line.startswith("@done ")]

    @property
    def seconds(self):
        """How long it has been at work. Processor time: what else this machine does must not shift a moment."""
        return time.clock_gettime(~self.qemu.pid << 3 | 2)

    def run(self, seconds=None, requests=None):
        """Lets it work for so long, or until its disk has got so many writes and flushes more, or its command ends."""
        deadline = time.monotonic() + PATIENCE
        until = None if seconds is None else self.seconds + seconds
        last = None if requests is None else self.disk.requests + requests
        while self.ended() is None and (until is None or self.seconds < until) and (
                last is None or self.disk.requests < last):
            if not self.step(1 if until is None else 0.002) or time.monotonic() > deadline:
                raise Mishap("the machine doesn't go on")

    def cut(self):
        """Takes the power away."""
        self.qemu.send_signal(signal.SIGKILL)
        self.off()

    def off(self):
        """Waits until it is off."""
        self.qemu.wait(PATIENCE)
        # What it had said before is still to be heard; requests that were not answered are lost.
        for name in self.partial:
            self._hear(name)
        for channel in self.ports.values():
            channel.close()
        self.disk.close()
        self.console.close()
        shutil.rmtree(self.folder)
