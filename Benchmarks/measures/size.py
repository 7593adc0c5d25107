"""How big the binaries are, and which libraries they need."""

import pathlib
import re
import subprocess
import tempfile

from figure import Figure, at_most

MEGABYTE = 1_000_000
GOALS = {"certplane-agent": 14}
# The three libraries, and what the static Swift runtime needs of the C and C++ ones.
ALLOWED = {
    "libyaml-0", "libcurl", "libssl", "libcrypto", "libm", "libstdc++", "libgcc_s", "libc", "ld-linux-x86-64",
    "ld-linux-aarch64",
}


def figures(binaries):
    found = []
    for name in ("certplane-agent", "certplane-broker"):
        binary = binaries / name
        found.append(Figure("size", f"{name}, as built", f"{binary.stat().st_size / MEGABYTE:.1f} MB"))
        size = stripped_size(binary) / MEGABYTE
        what = f"{name}, stripped"
        found.append(
            at_most("size", what, size, GOALS[name], "MB") if name in GOALS
            else Figure("size", what, f"{size:.1f} MB"))
        found.append(libraries(binary))
    return found


def stripped_size(binary):
    with tempfile.TemporaryDirectory(prefix="certplane-bench-") as folder:
        copy = pathlib.Path(folder) / binary.name
        subprocess.run(
            ["strip", "-R", ".swift_modhash", "-R", ".note.gnu.build-id", "-o", copy, binary], check=True)
        return copy.stat().st_size


def libraries(binary):
    text = subprocess.run(["readelf", "-d", binary], check=True, capture_output=True, text=True).stdout
    needed = re.findall(r"\(NEEDED\).*\[(.+?)\.so", text)
    others = sorted(set(needed) - ALLOWED)
    # Without the loader, which every program names.
    shown = [library for library in needed if not library.startswith("ld-")]
    goal = "no other library" if others else "only those"
    return Figure("size", f"{binary.name}, needs", ", ".join(others or shown), goal, not others)
