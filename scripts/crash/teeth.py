"""Faults planted into a copy of the sources, and what catches each of them.

The product's sources know nothing of them: a fault is a change of their text, which must fit exactly once, so that a
fault that no longer fits is noticed. One build holds all of them; `CERTPLANE_SABOTAGE` chooses one.
"""

import os
import shutil
import subprocess

import durability
from bench import Bench, Broken

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TREE = os.path.join(ROOT, ".build-teeth", "tree")

SWITCH = """import Glibc

/// Which fault is planted, by the environment.
enum Sabotage {
    static let planted: String = {
        guard let name = unsafe getenv("CERTPLANE_SABOTAGE") else { return "" }
        return unsafe String(cString: name)
    }()

    static func plants(_ name: String) -> Bool { planted == name }
}
"""

# name: [(file below Sources, text, replacement)]
FAULTS = {
    "no journal": [(
        "Agent/InstallTransaction.swift",
        "            entry = try journal.open(\n",
        "            if !PLANTED { entry = try journal.open(\n",
    ), (
        "Agent/InstallTransaction.swift",
        "subject: subject.text, isIdentity: subject == .identity, files: outputs.map(\\.record)))\n",
        "subject: subject.text, isIdentity: subject == .identity, files: outputs.map(\\.record))) }\n",
    )],
    "no directory fsync": [(
        "POSIX/Directory.swift",
        "    public func synchronize() throws(SystemError) {\n",
        "    public func synchronize() throws(SystemError) {\n        if PLANTED { return }\n",
    )],
    "key renamed without the rest": [(
        "Agent/InstallTransaction.swift",
        "            for output in outputs { try output.keepOld() }\n",
        "            for output in outputs { try output.keepOld() }\n"
        "            if PLANTED { try outputs.first?.putInPlace() }\n",
    ), (
        "Agent/StagedOutput.swift",
        "        isMoved = true\n",
        "        if PLANTED && isMoved { return }\n        isMoved = true\n",
    )],
    "reload debt not stored": [(
        "Agent/StateStore.swift",
        "            bytes = try JSON.encode(OwnedRecord(certificate: name, record: record), .indented)\n",
        "            var stored = record\n            if PLANTED { stored.reload = nil }\n"
        "            bytes = try JSON.encode(OwnedRecord(certificate: name, record: stored), .indented)\n",
    ), (
        "Lifecycle/Host/HostState+Looks.swift",
        "        let isOwed = isLate || isFirstLook && ",
        "        let isOwed = !PLANTED && isLate || !PLANTED && isFirstLook && ",
    )],
    "staged file not fsynced": [(
        "POSIX/StagedFile.swift",
        "        try descriptor.synchronize()\n",
        "        if PLANTED { return }\n        try descriptor.synchronize()\n",
    )],
    "journal closed before the renames": [(
        "Agent/InstallTransaction.swift",
        "            for output in outputs { try output.putInPlace() }\n",
        "            if PLANTED { _ = closeJournal() }\n"
        "            for output in outputs { try output.putInPlace() }\n",
    )],
    "pending key deleted before the install": [(
        "Agent/Attempt.swift",
        "        enter(.install)\n",
        "        enter(.install)\n        if PLANTED { keys.installed(plan.certificate.name) }\n",
    )],
    "recovery skipped at start": [(
        "Agent/HostAgent.swift",
        "(outcomes, sweep) = Self.recover(loaded.settings, state, log, advanced)",
        "(outcomes, sweep) = PLANTED ? ([], nil) : Self.recover(loaded.settings, state, log, advanced)",
    )],
    "sweep before recovery": [(
        "Agent/HostRecovery.swift",
        "        let outcomes = recover(advanced)\n",
        "        if PLANTED {\n"
        "            StagingSweep(tag: state.stagingTag, log: log).sweepBeside(settings.outputPaths)\n        }\n"
        "        let outcomes = recover(advanced)\n",
    )],
    "key readable while it is written": [(
        "Agent/StagedOutput.swift",
        "        let path = target.path\n",
        "        let path = target.path\n        if PLANTED { try made.descriptor.setMode(0o644) }\n",
    ), (
        "Agent/StagedOutput.swift",
        "        try seam.permit(.synchronize, path)\n",
        "        if PLANTED { try made.descriptor.setMode(access.mode) }\n"
        "        try seam.permit(.synchronize, path)\n",
    )],
    "old file removed before the rename": [(
        "Agent/StagedOutput.swift",
        "        try staged?.putInPlace()\n",
        "        if PLANTED { _ = try location.directory.unlinkIfPresent(location.name) }\n"
        "        try staged?.putInPlace()\n",
    )],
    "what is put back in part taken for old": [(
        "Agent/StagedOutput.swift",
        "        try staged?.putInPlace()\n",
        "        do { try staged?.putInPlace() } catch {\n"
        "            if PLANTED { staged = nil }\n            throw error\n        }\n",
    ), (
        "Agent/RecordedFile.swift",
        "record.mounted != nil || isInPlace || present == nil",
        "record.mounted != nil || (isInPlace && !(PLANTED && isStaged)) || present == nil",
    )],
    "mounted file not fsynced": [(
        "Agent/MountedOutput.swift",
        "            try file.synchronize()\n",
        "            if !PLANTED { try file.synchronize() }\n",
    )],
    "torn mounted file left as it is": [(
        "Agent/RecordedFile.swift",
        "        if isStaged { try place(record.stagedName) }\n",
        "        if PLANTED && record.mounted != nil { return }\n"
        "        if isStaged { try place(record.stagedName) }\n",
    )],
    "copies of the mounted file not in the journal": [(
        "Agent/MountedOutput.swift",
        "path: path, stagedName: copyName, oldName: oldName, hadOld",
        "path: path, stagedName: PLANTED ? \"x\" : copyName, oldName: PLANTED ? nil : oldName, hadOld",
    )],
    "state never stored": [(
        "Agent/RecordKeeper.swift",
        "                    try records.put(record, for: name)\n",
        "                    if !PLANTED { try records.put(record, for: name) }\n",
    )],
}


def plant():
    """The sources with every fault, each behind its name."""
    shutil.rmtree(TREE, ignore_errors=True)
    shutil.copytree(f"{ROOT}/Sources", f"{TREE}/Sources")
    shutil.copy(f"{ROOT}/Package.swift", TREE)
    # The other targets' folders have to be there for the package to be one; none of them is built.
    for name in os.listdir(ROOT):
        if os.path.isdir(f"{ROOT}/{name}") and not name.startswith(".") and name != "Sources":
            os.symlink(f"{ROOT}/{name}", f"{TREE}/{name}")
    for module in ("POSIX", "Lifecycle", "Agent"):
        with open(f"{TREE}/Sources/{module}/Sabotage.swift", "w") as file:
            file.write(SWITCH)
    for name, changes in FAULTS.items():
        for path, text, replacement in changes:
            with open(f"{TREE}/Sources/{path}") as file:
                source = file.read()
            if source.count(text) != 1:
                raise Broken(f"the fault '{name}' doesn't fit {path} any more:\n{text}")
            with open(f"{TREE}/Sources/{path}", "w") as file:
                file.write(source.replace(text, replacement.replace("PLANTED", f'Sabotage.plants("{name}")')))


def build():
    plant()
    command = ["swift", "build", "-c", "release", "--static-swift-stdlib", "--disable-local-rpath"]
    command += ["--package-path", TREE, "--scratch-path", f"{ROOT}/.build-teeth/scratch"]
    for product in ("certplane-agent", "certplane-broker"):
        subprocess.run([*command, "--product", product], check=True)
    shown = subprocess.run([*command, "--show-bin-path"], check=True, stdout=subprocess.PIPE, text=True)
    return shown.stdout.strip()


def show(folder, tools, scenarios, dry_run, chosen, dry_refusal, sweep):
    """Plants one fault after the other; 1 if one isn't caught, or if something is found without any."""
    binaries = build()
    missed = []
    for number, name in enumerate([None, *FAULTS]):
        caught = None
        for mounted in scenarios:
            bench = f"{folder}/teeth-{number}-{mounted}", binaries, tools, name, mounted
            caught = caught or catch(*bench, dry_run, chosen, sweep)
        refused = f"{folder}/teeth-{number}-refused", binaries, tools, name
        caught = caught or catch_refusal(*refused, dry_refusal, sweep)
        if name is None and caught:
            raise Broken(f"found without a planted fault: {caught}")
        print(f"{name or '(none)'}: {caught or 'nothing is found'}", flush=True)
        if name and not caught:
            missed.append(name)
    print(f"{len(FAULTS) - len(missed)} of {len(FAULTS)} planted faults are caught")
    return 1 if missed else 0


def catch(folder, binaries, tools, name, mounted, dry_run, chosen, sweep):
    """The first line of what is found; None if nothing is."""
    bench = Bench(folder, binaries, tools, {"CERTPLANE_SABOTAGE": name} if name else {}, mounted)
    try:
        try:
            counts, children = dry_run(bench)
        except Broken as found:
            return f"a renewal without a crash: {found}".replace(bench.host + "/", "").splitlines()[0]
        work = sweep([bench], short=True)
        work.run(list(chosen(counts, children, True, mounted)), stop_at_first=True)
        if work.broken:
            return work.broken[0].splitlines()[0].replace(bench.host + "/", "")
        # What only a loss of power would show.
        faults = durability.check(durability.parse(durability.trace(bench), bench.host), bench)
        return f"durability: {faults[0]}".replace(bench.host + "/", "") if faults else None
    finally:
        bench.close()


def catch_refusal(folder, binaries, tools, name, dry_refusal, sweep):
    bench = Bench(folder, binaries, tools, {"CERTPLANE_SABOTAGE": name} if name else {}, refused="fullchain")
    try:
        work = sweep([bench], short=True)
        work.run([("kill", call, ks) for call, ks in dry_refusal(bench).items() if call in ("renameat", "linkat")],
                 stop_at_first=True)
        return work.broken[0].splitlines()[0].replace(bench.host + "/", "") if work.broken else None
    finally:
        bench.close()
