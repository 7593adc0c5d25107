"""What a request costs inside the process, in numbers that no other load changes: instructions and allocations."""

import pathlib
import re
import subprocess
import tempfile

from figure import Figure, at_most
from house import Failed

# Two runs that differ by this many repetitions.
FEW, MANY = 200, 600
PARSE_GOAL = 6_000
# A step of the rendering, in instructions: 5 ms where a processor does one in a nanosecond.
STEP_GOAL = 5_000_000
# 12.9 of them went with 500 MB/s on a server processor of 2021: 400 MB/s need no more than this.
RENDERING_GOAL = 14


def figures(binaries):
    with tempfile.TemporaryDirectory(prefix="certplane-bench-") as folder:
        gauge = pathlib.Path(folder) / "certplane-gauge"
        # valgrind can't read the debugging information of Swift.
        subprocess.run(["strip", "--strip-debug", "-o", gauge, binaries / "certplane-gauge"], check=True)
        return parsing(gauge) + serving(gauge) + rendering(gauge)


def parsing(gauge):
    each = (instructions(gauge, "parse", MANY) - instructions(gauge, "parse", FEW)) / (MANY - FEW)
    return [at_most("hotpath", "parsing a request of 255 bytes", each, PARSE_GOAL, "instructions", digits=0)]


def serving(gauge):
    each = (allocations(gauge, "serve", MANY) - allocations(gauge, "serve", FEW)) / (MANY - FEW)
    steps = (instructions(gauge, "serve", MANY) - instructions(gauge, "serve", FEW)) / (MANY - FEW)
    return [
        # What comes once a second, the Date value, is all there is: more of it the slower valgrind is. One for every
        # request, or every tenth, would be seen.
        at_most("hotpath", "allocations of a /healthz request", each, 0.1, "", digits=4),
        Figure("hotpath", "a /healthz request with its client", f"{steps:.0f} instructions"),
    ]


def rendering(gauge):
    certificates, few, many = 1_000, 2, 6
    found = told(gauge, "metrics", certificates, 1)
    work = (
        instructions(gauge, "metrics", certificates, many)
        - instructions(gauge, "metrics", certificates, few)) / (many - few)
    what = f"rendering the metrics of {certificates} certificates"
    return [
        at_most("hotpath", what, work / found["bytes"], RENDERING_GOAL, "instructions/byte", digits=2),
        at_most("hotpath", f"{what}, one step of it", work / found["steps"], STEP_GOAL, "instructions", digits=0),
    ]


def instructions(gauge, *arguments):
    text = valgrind(gauge, arguments, "--tool=callgrind", "--callgrind-out-file=/dev/null")
    return int(match(r"Collected : (\d+)", text))


def allocations(gauge, *arguments):
    text = valgrind(gauge, arguments, "--tool=memcheck", "--undef-value-errors=no")
    return int(match(r"total heap usage: ([\d,]+) allocs", text).replace(",", ""))


def valgrind(gauge, arguments, *options):
    done = subprocess.run(
        ["valgrind", *options, gauge, *map(str, arguments)], capture_output=True, text=True, timeout=300)
    if done.returncode != 0:
        raise Failed(f"certplane-gauge {arguments} under valgrind: {done.returncode}: {done.stderr[-500:]}")
    return done.stderr


def told(gauge, *arguments):
    text = subprocess.run([gauge, *map(str, arguments)], check=True, capture_output=True, text=True).stdout
    return {name: float(value) for name, value in re.findall(r"(\w+)=([\d.e-]+)", text)}


def match(pattern, text):
    found = re.search(pattern, text)
    if not found:
        raise Failed(f"no '{pattern}' in: {text[-500:]}")
    return found[1]
