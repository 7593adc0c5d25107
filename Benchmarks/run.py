"""Takes the measures named on the command line and prints a table of figures, goals and verdicts."""

import argparse
import os
import pathlib
import sys

from figure import table
from measures import api, hotpath, issue, latency, memory, rendering, scale, size, small, start

MODULES = (size, memory, small, start, latency, hotpath, rendering, issue, scale, api)
MEASURES = {module.__name__.split(".")[-1]: module for module in MODULES}


def main():
    parser = argparse.ArgumentParser(
        prog="scripts/bench", description="Measures the release build and holds it against its goals.")
    parser.add_argument(
        "measures", nargs="*", metavar="measure", help=" | ".join(MEASURES) + " (default: all)")
    parser.add_argument("--strict", action="store_true", help="exit code 1 when a goal is missed")
    parser.add_argument("--binaries", type=pathlib.Path, required=True, help=argparse.SUPPRESS)
    options = parser.parse_args()
    for name in options.measures:
        if name not in MEASURES:
            parser.error(f"there is no measure '{name}': choose from {', '.join(MEASURES)}")

    figures = []
    for name in options.measures or MEASURES:
        print(f"measuring {name} …", file=sys.stderr, flush=True)
        figures += MEASURES[name].figures(options.binaries)

    cores, load = os.cpu_count(), os.getloadavg()[0]
    print(f"\n{os.uname().sysname} {os.uname().release}, {cores} cores, load average {load:.1f}\n")
    print(table(figures))
    missed = sum(figure.is_met is False for figure in figures)
    print(f"\n{missed} of {sum(figure.is_met is not None for figure in figures)} goals missed")
    return 1 if missed and options.strict else 0


if __name__ == "__main__":
    sys.exit(main())
