"""What a power loss could undo: the order of writes, fsyncs and renames in a trace of one renewal."""

import os
import re
import subprocess

from bench import PATIENCE, Broken

CALLS = ("openat,write,ftruncate,fsync,fdatasync,renameat,renameat2,linkat,unlinkat,mkdirat,connect,exit_group")
LINE = re.compile(r"^(\d+) +(?:<\.\.\. (\w+) resumed>)?(.*)$")
PATH = r"\d+<([^>]*)>"


class Step:
    """One call: `begun` and `done` are line numbers, so that what ran at the same time is known to be unordered."""

    def __init__(self, name, begun, done, subject, other=None):
        self.name, self.begun, self.done, self.subject, self.other = name, begun, done, subject, other

    def __str__(self):
        return f"{self.name}({self.subject}{', ' + self.other if self.other else ''})"


def prove(bench):
    """Prints what was proven; 1 if something isn't so."""
    try:
        lines = trace(bench)
        steps = parse(lines, bench.host)
        if faults := check(steps, bench):
            raise Broken("the order is wrong:\n" + "\n".join(faults))
        syncs = [step for step in steps if step.name == "fsync"]
        idle = [str(sync) for sync in syncs if not check([step for step in steps if step is not sync], bench)]
    finally:
        bench.close()
    print(f"{bench.scenario}: {len(steps)} steps, {len(syncs)} fsyncs: each in its place")
    for sync in idle:
        print(f"without {sync} nothing would be missed")
    return 1 if idle else 0


def trace(bench):
    bench.reset()
    path = os.path.join(bench.folder, "trace")
    subprocess.run(
        ["strace", "-f", "-y", "-qq", "-s", "256", "-o", path, "-e", f"trace={CALLS}"]
        + [bench.agent, "run", "--once", "-c", bench.config],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=bench.environment,
        timeout=PATIENCE, check=True)
    bench.require_in_order()
    with open(path) as file:
        return file.read().splitlines()


def parse(lines, host):
    """The calls that succeeded and concern the host's files, and the connection to the broker."""
    steps, unfinished = [], {}
    for number, line in enumerate(lines):
        thread, resumed, rest = LINE.match(line).groups()
        begun = number
        if resumed:
            begun, first = unfinished.pop(thread)
            rest = first + rest
        elif rest.endswith("<unfinished ...>"):
            unfinished[thread] = number, rest[: -len("<unfinished ...>")]
            continue
        if step := _step(rest, begun, number):
            if step.name == "connect" or step.subject.startswith(host + "/"):
                steps.append(step)
    return steps


def _step(text, begun, done):
    name = text.split("(")[0]
    if re.search(r"\) += -1 ", text) and not (name == "mkdirat" or name == "connect"):
        return None
    if name in ("write", "ftruncate", "fsync", "fdatasync"):
        found = re.match(rf"\w+\({PATH}", text)
        return found and Step("fsync" if name == "fdatasync" else name, begun, done, found[1])
    if name in ("renameat", "renameat2", "linkat"):
        found = re.match(rf'\w+\({PATH}, "([^"]*)", {PATH}, "([^"]*)"', text)
        kind = "link" if name == "linkat" else "rename"
        return found and Step(kind, begun, done, f"{found[1]}/{found[2]}", f"{found[3]}/{found[4]}")
    if name in ("unlinkat", "mkdirat"):
        found = re.match(rf'\w+\({PATH}, "([^"]*)"', text)
        return found and Step(name[:-2], begun, done, f"{found[1]}/{found[2]}")
    if name == "openat" and "O_CREAT" in text:
        found = re.match(rf'\w+\({PATH}, "([^"]*)"', text)
        path = found and (found[2] if found[2].startswith("/") else f"{found[1]}/{found[2]}")
        return found and Step("create", begun, done, path)
    return Step("connect", begun, done, "broker") if name == "connect" and "AF_INET" in text else None


def check(steps, bench):
    """What is not in its place, in words."""
    faults = []
    state = f"{bench.host}/state"
    mounted = bench.files.get(bench.mounted)
    targets = set(bench.files.values()) - {mounted}

    def synced(path, after, before, why):
        """An fsync of the path that begins when `after` is done and is done when `before` begins."""
        for step in steps:
            if step.name == "fsync" and step.subject == path:
                if (after is None or step.begun > after.done) and (before is None or step.done < before.begun):
                    return
        faults.append(f"no fsync of {path} {why}")

    def those(name, condition):
        return [step for step in steps if step.name == name and condition(step)]

    entries = those("rename", lambda step: step.other.startswith(f"{state}/journal/"))
    closings = those("unlink", lambda step: step.subject.startswith(f"{state}/journal/install"))
    renames = those("rename", lambda step: step.other in targets)
    if len(entries) != 1 or len(closings) != 1 or {step.other for step in renames} != targets:
        raise Broken(f"the trace doesn't show one journal entry, {len(targets)} renames and the entry's end:\n"
                     + "\n".join(map(str, steps)))
    entry, closing = entries[0], closings[0]
    first = min(renames, key=lambda step: step.begun)
    last = max(renames, key=lambda step: step.done)
    if not entry.done < first.begun <= last.done < closing.begun:
        faults.append("the renames are not between the journal entry and its end")

    for rename in those("rename", lambda step: True):
        written = those("write", lambda step: step.subject == rename.subject and step.done < rename.begun)
        # The staged files' content is on the disk before the journal says that they are there.
        deadline = entry if rename in renames else rename
        if not written:
            faults.append(f"{rename.subject} is renamed without content")
        synced(rename.subject, written[-1] if written else None, deadline, f"between its content and {deadline}")

    if mounted:
        check_mounted(mounted, steps, entry, last, closing, f"{state}/journal", those, synced, faults)

    for folder in {os.path.dirname(path) for path in targets}:
        names = [
            step for step in steps if step.begun < entry.begun and (
                step.name == "create" and os.path.dirname(step.subject) == folder
                or step.name == "link" and os.path.dirname(step.other) == folder)
        ]
        synced(folder, max(names, key=lambda step: step.done), entry, "between the staged names and the journal")
        changed = max((step for step in renames if os.path.dirname(step.other) == folder), key=lambda step: step.done)
        synced(folder, changed, closing, "between the renames and the end of the journal")

    synced(f"{state}/journal", entry, first, "between the journal entry and the first rename")
    synced(f"{state}/journal", closing, None, "after the end of the journal")

    # In the state directory each change is on the disk before the next one there, and the key before the order.
    changes = [
        step for step in steps if step.name in ("rename", "unlink")
        and os.path.dirname(step.other or step.subject) in (state, f"{state}/state", f"{state}/pending")
    ]
    for change in changes:
        folder = os.path.dirname(change.other or change.subject)
        later = [step for step in changes if step.begun > change.done
                 and os.path.dirname(step.other or step.subject) == folder]
        if change.name == "rename" and folder == f"{state}/pending":
            later = those("connect", lambda step: step.begun > change.done)[:1] + later
        synced(folder, change, min(later, key=lambda step: step.begun, default=None), f"after {change}")

    made = those("mkdir", lambda step: os.path.dirname(step.subject) == state)
    created = those("create", lambda step: state in (
        os.path.dirname(step.subject), os.path.dirname(os.path.dirname(step.subject))))
    synced(state, made[-1], created[0], "between its folders and what is put beside them or into them")
    return faults


def check_mounted(path, steps, entry, last, closing, journal, those, synced, faults):
    """The file that can't be renamed over: its copies are on the disk before the journal names them, and it is before
    they go."""
    changes = [step for step in steps if step.name in ("write", "ftruncate") and step.subject == path]
    if [step.name for step in changes] != ["write", "ftruncate"]:
        raise Broken(f"{path} is not written and then truncated: {', '.join(map(str, changes))}")
    if not max(entry.done, last.done) < changes[0].begun <= changes[-1].done < closing.begun:
        faults.append(f"{path} is not written between the renames and the journal's end")
    synced(path, changes[-1], closing, "between its content and the end of the journal")
    copies = those("create", lambda step: os.path.dirname(step.subject) == journal and step.subject != entry.subject)
    if len(copies) != 2:
        raise Broken(f"not a new and an old copy: {', '.join(map(str, copies))}")
    for copy in copies:
        written = those("write", lambda step: step.subject == copy.subject)
        synced(copy.subject, written[-1], entry, "between its content and the journal entry")
    synced(journal, max(copies, key=lambda step: step.done), entry, "between the copies' names and the journal entry")
