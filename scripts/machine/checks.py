"""The checks of scripts/systemd-test, by subject. A check is a function that raises what it finds wanting."""

import dataclasses
import importlib
import pathlib


class Skipped(Exception):
    """Why a check could not be made here."""


@dataclasses.dataclass
class World:
    root: pathlib.Path
    binaries: pathlib.Path
    package: pathlib.Path

    def host(self, **options):
        from host import Host
        return Host(self.package, self.binaries / "certplane-broker", **options)


SUBJECTS = ("unit_checks", "failure_checks", "package_checks", "boundary_checks", "document_checks")


def every():
    """All checks, in the order in which they are written."""
    found = []
    for subject in SUBJECTS:
        module = importlib.import_module(subject)
        found += [value for name, value in vars(module).items()
                  if callable(value) and getattr(value, "__module__", "") == subject and not name.startswith("_")]
    return found
