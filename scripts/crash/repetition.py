"""One repetition: a fault, the moment after it, `recover`, the next start."""

import errno
import subprocess

from bench import LATER, Broken, ended

ERRORS = {"ENOSPC": errno.ENOSPC, "EIO": errno.EIO, "EINTR": errno.EINTR}


class Fault:
    """Something done to the k-th call of a name."""

    def __init__(self, call, k, action):
        self.call, self.k, self.action = call, k, action

    @property
    def kills(self):
        return self.action.startswith("kill")

    def __str__(self):
        return f"{self.action} at {self.call} {self.k}"


def repeat(bench, fault):
    """Whether the fault happened; `Broken` if something doesn't hold after it."""
    bench.reset()
    try:
        report, output = bench.renew(fault.call, fault.k, str(ERRORS.get(fault.action, fault.action)))
    except subprocess.TimeoutExpired as late:
        raise Broken(f"{fault}: the agent doesn't end: {late.stdout!r}") from None
    fired = next((words for words in report if words[0] == "fired"), None)
    if fired is None:
        return False
    try:
        _require_end(fault, fired[3], ended(report))
        _after(bench)
    except (Broken, subprocess.TimeoutExpired) as found:
        raise Broken(f"{fault} (by the {fired[3]}): {found}\n{output}") from None
    return True


def _require_end(fault, caller, end):
    if fault.kills and (fault.action == "kill" or caller == "agent"):
        if end != ("signal", 9):
            raise Broken(f"the agent ended with {end} instead of being killed")
    # 2: its configuration couldn't be read.
    elif end not in (("exit", 0), ("exit", 1), ("exit", 2)):
        raise Broken(f"the agent ended with {end}")


def _after(bench):
    at_once = bench.contents()
    bench.require_private()

    # At boot: what a service would find that starts after the oneshot unit, and before any network.
    crashed = bench.keep()
    done = bench.run(["recover"])
    try:
        if done.returncode != 0:
            raise Broken(f"recover ends with {done.returncode}")
        bench.require_in_order()
    except Broken as found:
        raise Broken(f"after recover: {found}\n{done.stdout}") from None
    after_recover = bench.contents()
    bench.restore(crashed)

    # Without it: the agent is started again, when every wait is over.
    done = bench.run(["run", "--once"], later=LATER)
    try:
        if done.returncode != 0:
            raise Broken(f"the next start ends with {done.returncode}")
        bench.require_in_order()
        bench.require_reloaded()
        new = bench.contents()
        if new["cert"] == bench.old["cert"]:
            raise Broken("nothing was renewed")
        if (orders := bench.orders() - bench.orders_before) != 1:
            raise Broken(f"the broker counts {orders} orders")
        for output, content in at_once.items():
            if output != bench.mounted and content not in (bench.old[output], new[output]):
                raise Broken(f"{output} was neither old nor new at that moment")
        if after_recover not in (bench.old, new):
            raise Broken("after recover the set was neither the old nor the new one")
    except Broken as found:
        raise Broken(f"after the next start: {found}\n{done.stdout}") from None
