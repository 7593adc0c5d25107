"""A minimal Debian to boot machines from, made once."""

import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PACKAGES = ("systemd,systemd-sysv,dbus,polkitd,nginx-light,haproxy,curl,openssl,ca-certificates,python3-minimal,python3-apt,"
            "iproute2,procps,init-system-helpers,libcurl4,libyaml-0-2,libssl3,libstdc++6")


def root():
    """The folder of the minimal root; made if it isn't there."""
    folder = pathlib.Path(os.environ.get("CERTPLANE_ROOT") or ROOT / ".build-root" / "bookworm")
    if not (folder / "usr/bin/nginx").exists() and not (folder / "usr/sbin/nginx").exists():
        print(f"making a minimal Debian in {folder}, which takes half a minute or more", file=sys.stderr)
        folder.parent.mkdir(parents=True, exist_ok=True)
        sources = [str(path) for path in pathlib.Path("/etc/apt").glob("sources.list.d/debian.sources")]
        # By this host's own way to the mirror.
        dump = subprocess.run(["apt-config", "dump", "Acquire::http"], capture_output=True, text=True).stdout
        options = [f"--aptopt={line}" for line in dump.splitlines() if '"' in line and not line.endswith('"";')]
        subprocess.run(["mmdebstrap", "--mode=root", "--variant=apt", f"--include={PACKAGES}", *options, "bookworm",
                        str(folder), *sources], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return str(folder)


def built(variable, script):
    """The path that a script of ours prints last, or the one in the environment."""
    path = os.environ.get(variable)
    if not path:
        path = subprocess.run([ROOT / "scripts" / script], stdout=subprocess.PIPE, text=True,
                              check=True).stdout.strip().splitlines()[-1]
        os.environ[variable] = path
    return pathlib.Path(path)
