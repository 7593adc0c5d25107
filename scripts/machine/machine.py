"""A machine of its own for a test: a real systemd as PID 1 of new namespaces, over a copy-on-write view of a root.

Everything it writes goes to a tmpfs and is gone with it. Its network has only a loopback of its own. Needs root,
util-linux, systemd, overlayfs and cgroup v2; `why_not` says what is missing.
"""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

FIRST_PROCESS = r"""
set -eu
work=$1 lower=$2 inject=$3
mount --make-rprivate /
mkdir -p "$work/upper" "$work/work" "$work/root"
first=false
[ -e "$work/booted" ] || first=true
touch "$work/booted"
mount -t overlay overlay -o "lowerdir=$lower,upperdir=$work/upper,workdir=$work/work" "$work/root"
cd "$work/root"
# Services of the root below are not meant, and a policy against starting any neither.
if $first; then
    rm -f etc/systemd/system/*.wants/* usr/sbin/policy-rc.d
    rm -rf etc/certplane var/lib/certplane etc/ssl/certplane
    cp -a "$inject/." .
fi
mount -t proc proc proc
mount -t sysfs -o ro sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs -o mode=755 tmpfs run
mount -t tmpfs -o mode=1777 tmpfs tmp
mount -t tmpfs -o mode=755 tmpfs dev
for device in null zero full random urandom tty; do touch dev/$device; mount --bind /dev/$device dev/$device; done
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=666 devpts dev/pts
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
mkdir -p old
pivot_root . old
umount -l /old
rmdir /old
ip link set lo up 2>/dev/null || true
exec env -i PATH=%s container=unshare TERM=dumb LANG=C.UTF-8 \
    /lib/systemd/systemd --system --unit=multi-user.target --log-level=warning
""" % PATH


class Wanting(Exception):
    """What a test found wanting."""


def cgroups():
    """The mount point of cgroup v2, alone or beside v1."""
    for line in pathlib.Path("/proc/mounts").read_text().splitlines():
        _, place, kind, options, *_ = line.split(" ")
        if kind == "cgroup2" and "rw" in options.split(","):
            return place
    return None


def why_not():
    """Why no machine can be made here; None if one can."""
    if os.geteuid() != 0:
        return "it takes root"
    for program in ("unshare", "nsenter", "/lib/systemd/systemd", "systemctl", "ip"):
        if not shutil.which(program):
            return f"{program} is missing"
    if cgroups() is None:
        return "cgroup v2 is not mounted for writing"
    probe = subprocess.run(
        ["unshare", "--mount", "--pid", "--fork", "--net", "--cgroup", "--ipc", "--uts", "sh", "-c",
         'mount --make-rprivate / && d=$(mktemp -d) && mount -t tmpfs tmpfs $d && mkdir $d/u $d/w $d/m && '
         'mount -t overlay overlay -o lowerdir=/,upperdir=$d/u,workdir=$d/w $d/m; status=$?; '
         'umount -l $d 2>/dev/null; rmdir $d; exit $status'],
        capture_output=True, text=True)
    if probe.returncode != 0:
        return "namespaces and overlayfs are not allowed: " + probe.stderr.strip()
    return None


class Machine:
    """Boots at once. A context: leaving it powers the machine off hard, and its disk is gone.

    `reboot` cuts the power and boots again from what was on the disk; /run, /tmp and all processes are gone then."""

    def __init__(self, lower="/", files=None):
        """`files`: path in the machine → its text, or (text, mode), or a path on this host to copy."""
        self.work = tempfile.mkdtemp(prefix="machine.")
        self.inject = tempfile.mkdtemp(prefix="machine-files.")
        # The copy gives the root directory its mode.
        os.chmod(self.inject, 0o755)
        self.lower = lower
        self.group = None
        self.process = None
        for path, content in (files or {}).items():
            self._inject(path, content)
        # The disk: a tmpfs, so that whatever the root below is can carry an overlay.
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=512m,mode=755", "tmpfs", self.work], check=True)
        try:
            self._boot()
        except BaseException:
            self.close()
            raise

    def __enter__(self):
        # Whoever ends the test ends its machine too.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
        return self

    def __exit__(self, *_):
        self.close()

    def _inject(self, path, content):
        target = pathlib.Path(self.inject + path)
        target.parent.mkdir(parents=True, exist_ok=True)
        for parent in list(target.parents):
            if str(parent).startswith(self.inject):
                parent.chmod(0o755)
        if isinstance(content, pathlib.Path) and content.is_dir():
            shutil.copytree(content, target, symlinks=True, dirs_exist_ok=True)
        elif isinstance(content, pathlib.Path):
            shutil.copy2(content, target)
        else:
            text, mode = content if isinstance(content, tuple) else (content, 0o644)
            target.write_text(text)
            target.chmod(mode)

    def _boot(self):
        started = time.monotonic()
        self.group = os.path.join(cgroups(), f"certplane-test.{os.getpid()}.{id(self)}")
        os.mkdir(self.group)
        # In a group of its own first: else its init would live in the machine's real root group.
        self.process = subprocess.Popen(
            ["bash", "-c", f"echo $$ >{self.group}/cgroup.procs; exec unshare --fork --pid --mount --uts --ipc --net "
             f"--cgroup --kill-child=KILL bash -c '{FIRST_PROCESS}' bash {self.work} {self.lower} {self.inject}"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True)
        children = f"/proc/{self.process.pid}/task/{self.process.pid}/children"
        self.init = self._until(lambda: pathlib.Path(children).read_text().split(), "the first process")[0]
        self._until(
            lambda: self.run("systemctl", "is-system-running", check=False, quiet=True).stdout.strip()
            in ("running", "degraded"), "the boot", 60)
        self.boot_time = time.monotonic() - started

    def _until(self, look, what, patience=20):
        deadline = time.monotonic() + patience
        while True:
            if self.process.poll() is not None:
                raise Wanting(f"the machine ended: {self.process.stderr.read().decode()}")
            found = look()
            if found:
                return found
            if time.monotonic() > deadline:
                raise Wanting(f"waited {patience} s in vain for {what}")
            time.sleep(0.05)

    def wait(self, what, look, patience=30):
        """Looks until `look` finds something, and returns it."""
        return self._until(look, what, patience)

    def command(self, *arguments):
        return ["nsenter", "-t", self.init, "-m", "-p", "-i", "-u", "-n", "-C", "env", "-i", f"PATH={PATH}",
                "LANG=C.UTF-8", "HOME=/root", "DEBIAN_FRONTEND=noninteractive", *map(str, arguments)]

    def run(self, *arguments, check=True, quiet=False, input=None, patience=300):
        """Runs a command in the machine to its end."""
        done = subprocess.run(
            self.command(*arguments), capture_output=True, text=True, input=input, timeout=patience)
        if check and done.returncode != 0:
            raise Wanting(f"{' '.join(map(str, arguments))}: {done.returncode}\n{done.stdout}{done.stderr}")
        return done

    def sh(self, script, check=True, patience=300):
        """Runs a shell script in the machine and returns what it wrote."""
        done = self.run("sh", "-c", script, check=check, patience=patience)
        return (done.stdout + done.stderr).strip()

    def start(self, *arguments, **options):
        """Starts a process in the machine that goes on."""
        return subprocess.Popen(self.command(*arguments), text=True, **options)

    def write(self, path, text, mode=0o644):
        self.run("sh", "-c", f'mkdir -p "$(dirname {path})" && cat >{path} && chmod {mode:o} {path}', input=text)

    def read(self, path):
        return self.run("cat", path).stdout

    def exists(self, path):
        return self.run("test", "-e", path, check=False).returncode == 0

    def show(self, unit, *properties):
        """Properties of a unit, by name."""
        text = self.run("systemctl", "show", unit, "-p", ",".join(properties)).stdout
        return dict(line.split("=", 1) for line in text.splitlines() if "=" in line)

    def journal(self, unit, *options):
        """The unit's lines as the journal keeps them."""
        self.run("journalctl", "--sync", check=False)
        text = self.run("journalctl", "-u", unit, "-o", "json", "--no-pager", *options).stdout
        return [json.loads(line) for line in text.splitlines()]

    def messages(self, unit):
        return [str(entry.get("MESSAGE", "")) for entry in self.journal(unit)]

    def reboot(self):
        """Cuts the power, and boots again."""
        self._cut_power()
        self._boot()

    def close(self):
        self._cut_power()
        subprocess.run(["umount", "--lazy", self.work], check=False, capture_output=True)
        for folder in (self.work, self.inject):
            shutil.rmtree(folder, ignore_errors=True)

    def _cut_power(self):
        if getattr(self, "init", None):
            try:
                os.kill(int(self.init), signal.SIGKILL)
            except ProcessLookupError:
                pass
        if self.process:
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            self.process.stderr.close()
        if self.group and os.path.isdir(self.group):
            deadline = time.monotonic() + 5
            while time.monotonic() < deadline:
                for folder, _, _ in os.walk(self.group, topdown=False):
                    try:
                        os.rmdir(folder)
                    except OSError:
                        pass
                if not os.path.isdir(self.group):
                    break
                time.sleep(0.05)
        self.init = self.process = self.group = None
