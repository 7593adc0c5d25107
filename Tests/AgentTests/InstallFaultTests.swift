import Lifecycle
import Log
import PKI
import POSIX
import TestSupport
import Testing

@testable import Agent

/// Every call of an install fails in turn: the set on disk is the old one or the new one, whole.
@Suite struct InstallFaultTests {
    private func renewal(first: Bool) throws -> Renewal { try Renewal(first: first) }

    private func install(_ renewal: Renewal, _ trap: Trap) throws -> [String] { try renewal.install(trap) }

    @Test(arguments: [true, false])
    func `after any single failed call the set is whole and nothing is left beside it`(first: Bool) throws {
        let dry = Trap { _, _ in false }
        _ = try install(try renewal(first: first), dry)
        let calls = dry.made
        #expect(calls.filter { $0 == .rename }.count == 5)
        #expect(calls.filter { $0 == .link }.count == (first ? 0 : 5))
        for (position, call) in calls.enumerated() {
            let renewal = try renewal(first: first)
            do {
                let warnings = try install(renewal, Trap { made, _ in made == position })
                #expect(!warnings.isEmpty, "call \(position) (\(call)) failed without a word")
                try renewal.host.recover()
                #expect(try renewal.host.outputs() == renewal.new, "call \(position) (\(call))")
            } catch let failure as RenewalFailure {
                #expect(failure.stage == .install)
                #expect(failure.failureClass == .fileSystemError)
                #expect(try renewal.host.outputs() == renewal.old, "call \(position) (\(call))")
            }
        }
    }

    @Test(arguments: [true, false])
    func `a disk that dies for good and comes back leaves the old set or the new one`(first: Bool) throws {
        let dry = Trap { _, _ in false }
        _ = try install(try renewal(first: first), dry)
        let decided = try required(dry.made.firstIndex(of: .openJournal))
        let lastRename = try required(dry.made.lastIndex(of: .rename))
        for position in dry.made.indices {
            let renewal = try renewal(first: first)
            do {
                _ = try install(renewal, Trap { made, _ in made >= position })
                #expect(position > lastRename)
            } catch let failure as RenewalFailure {
                let isStuck = position > decided + 1 && position <= lastRename
                #expect(
                    failure.failureClass == (isStuck ? .installStuck : .fileSystemError), "call \(position)")
            }
            for (name, bytes) in try renewal.host.outputs() where renewal.new[name] != nil {
                #expect(bytes == renewal.old[name] || bytes == renewal.new[name], "\(name) is torn")
            }
            try renewal.host.recover()
            let outputs = try renewal.host.outputs()
            #expect(outputs == renewal.old || outputs == renewal.new, "call \(position) left a mix")
            if position > decided + 1 { #expect(outputs == renewal.new, "call \(position) was decided") }
            #expect(try renewal.host.journal().entries().isEmpty)
        }
    }

    @Test func `what can't be put back is held, and freed by a retry`() throws {
        let renewal = try renewal(first: false)
        let dry = Trap { _, _ in false }
        _ = try install(try self.renewal(first: false), dry)
        let third = try required(dry.made.firstIndex(of: .rename)) + 2
        let trap = Trap { made, call in call == .rename && made >= third }
        let installer = try renewal.host.installer(seam: trap.seam)
        let failure = #expect(throws: RenewalFailure.self) {
            try installer.install(renewal.bundle, pendingKey: renewal.key, for: renewal.host.certificate)
        }
        #expect(failure?.failureClass == .installStuck)
        #expect(failure?.detail.contains("out/key.pem") == true)
        #expect(installer.opened.stuckSubjects == ["web"])
        let outputs = try renewal.host.outputs()
        for bytes in renewal.old.values { #expect(outputs.values.contains(bytes)) }

        #expect(installer.opened.retry().map(\.subject) == ["web"])
        #expect(installer.opened.stuckSubjects.isEmpty)
        #expect(try renewal.host.outputs() == renewal.new)
    }

    @Test func `an entry that could not be closed is finished before the next install, not after it`() throws
    {
        let renewal = try renewal(first: false)
        let trap = Trap { _, call in call == .closeJournal }
        let installer = try renewal.host.installer(seam: trap.seam)
        #expect(
            try !installer.install(renewal.bundle, pendingKey: renewal.key, for: renewal.host.certificate)
                .isEmpty)
        #expect(!installer.opened.subjects.isEmpty)
        #expect(installer.opened.stuckSubjects.isEmpty, "the set is whole")
        let (second, key) = try renewal.host.issued()
        _ = try installer.install(second, pendingKey: key, for: renewal.host.certificate)
        #expect(try renewal.host.journal().entries().count == 1, "the first one's is closed")
        try renewal.host.recover()
        #expect(try renewal.host.outputs()["key.pem"] == key.bytes)
        #expect(try renewal.host.outputs()["cert.pem"] == Array(second.certificatePEM.utf8))
    }

    @Test func `an install that was put back and not called off is carried out by the next round`() throws {
        let renewal = try renewal(first: false)
        let once = Lock(false)
        let seam = InstallSeam { (call, path) throws(SystemError) in
            // The second file can't be renamed, once; the journal can't be closed either.
            if call == .rename, path == renewal.host.certificate.outputs.cert,
                once.withLock({ used in
                    defer { used = true }
                    return !used
                })
            {
                throw SystemError("rename", path, .inputOutput)
            }
            if call == .closeJournal { throw SystemError("unlink", path, .inputOutput) }
        }
        let installer = try renewal.host.installer(seam: seam)
        let failure = #expect(throws: RenewalFailure.self) {
            try installer.install(renewal.bundle, pendingKey: renewal.key, for: renewal.host.certificate)
        }
        #expect(failure?.failureClass == .fileSystemError)
        #expect(installer.opened.stuckSubjects.isEmpty)
        for (name, bytes) in renewal.old { #expect(try renewal.host.outputs()[name] == bytes) }
        #expect(installer.opened.retry().map(\.subject) == ["web"])
        #expect(try renewal.host.outputs() == renewal.new)
        #expect(installer.opened.subjects.isEmpty)
    }

    @Test func `the same trouble of a stuck set is told once`() throws {
        let host = try TestHost()
        let journal = try host.journal()
        _ = try Directory.make(host.scratch.path("out/key.pem"), mode: 0o755)
        let file = InstallRecord.File(
            path: host.scratch.path("out/key.pem"), stagedName: ".certplane-key", oldName: nil, hadOld: false,
            sha256: String(repeating: "0", count: 64))
        _ = try journal.open(InstallRecord(subject: "web", files: [file]))
        let installer = try host.installer()
        installer.opened.adopt(stuck: try InstallRecovery(journal: journal, log: host.log).run())
        #expect(installer.opened.stuckSubjects == ["web"])
        for _ in 0..<3 { #expect(installer.opened.retry().isEmpty) }
        #expect(host.capture.lines.filter { $0.contains("can't be finished") }.count == 1)
        // An install of the same set has to wait for it.
        let (bundle, key) = try host.issued()
        let failure = #expect(throws: RenewalFailure.self) {
            try installer.install(bundle, pendingKey: key, for: host.certificate)
        }
        #expect(failure?.failureClass == .installStuck)
        try Directory.open(host.scratch.path("out")).removeDirectory("key.pem")
        #expect(installer.opened.retry().map(\.subject) == ["web"])
        _ = try installer.install(bundle, pendingKey: key, for: host.certificate)
    }

    /// It may be mounted yet; but nobody waits for it with a set that is to be installed anew, nor with a reload.
    @Test func `a set whose directory is missing holds nobody up`() throws {
        let renewal = try renewal(first: false)
        let trap = Trap { _, call in call == .closeJournal }
        _ = try renewal.host.installer(seam: trap.seam).install(
            renewal.bundle, pendingKey: renewal.key, for: renewal.host.certificate)
        let scratch = try Directory.open(renewal.host.scratch.path)
        try scratch.rename("out", to: "elsewhere")
        let journal = try renewal.host.journal()
        let installer = try renewal.host.installer()
        installer.opened.adopt(stuck: try InstallRecovery(journal: journal, log: renewal.host.log).run())
        #expect(installer.opened.subjects == ["web"])
        #expect(installer.opened.stuckSubjects == [])
        for _ in 0..<3 { #expect(installer.opened.retry().isEmpty) }
        let told = renewal.host.capture.lines.filter { $0.contains("can't be finished") }
        #expect(told.count == 1)
        #expect(told.first?.contains("Mount or make the directory") == true)

        let (second, key) = try renewal.host.issued()
        _ = try installer.install(second, pendingKey: key, for: renewal.host.certificate)
        #expect(installer.opened.subjects == [])
        #expect(try journal.entries() == [])
        #expect(try renewal.host.outputs()["key.pem"] == key.bytes)
    }

    /// Of a mount point a rename answers EBUSY.
    private static func mountBeforeTheSecondRename(
        of renewal: Renewal, onto target: String
    ) throws -> @Sendable (InstallSeam.Call, String) throws(SystemError) -> Void {
        try renewal.host.scratch.write("other", "mounted meanwhile", mode: 0o644)
        let (other, renames) = (renewal.host.scratch.path("other"), Lock(0))
        return { (call, path) throws(SystemError) in
            guard call == .rename else { return }
            let count = renames.withLock { count in
                count += 1
                return count
            }
            if count != 2 { return }
            do { try MountNamespace.bind(other, onto: target) } catch {
                throw SystemError("mount", path, .invalid)
            }
        }
    }

    /// The kernel itself refuses a rename in the midst of an install: what is staged must outlive that.
    @Test(.enabled(if: ProcessFacts.userID == 0), arguments: [true, false])
    func `a rename that the kernel refuses leaves the old set, or both sets' files`(hasLinks: Bool)
        async throws
    {
        let renewal = try renewal(first: false)
        try await MountNamespace.run {
            let cert = renewal.host.certificate.outputs.cert
            let mountBeforeTheSecond = try Self.mountBeforeTheSecondRename(of: renewal, onto: cert)
            let seam = InstallSeam { (call, path) throws(SystemError) in
                if call == .link, !hasLinks { throw SystemError("link", path, .notPermitted) }
                try mountBeforeTheSecond(call, path)
            }
            let installer = try renewal.host.installer(seam: seam)
            let failure = #expect(throws: RenewalFailure.self) {
                try installer.install(renewal.bundle, pendingKey: renewal.key, for: renewal.host.certificate)
            }
            #expect(failure?.detail.contains("EBUSY") == true)
            #expect(failure?.failureClass == .fileSystemError, "\(failure.map { "\($0)" } ?? "")")
            try MountNamespace.unmount(cert)
            #expect(try renewal.host.outputs() == renewal.old)
            #expect(try renewal.host.journal().entries() == [])
        }
        withExtendedLifetime(renewal) {}
    }

    /// The directory's owner may exchange its files for one another, and give it a project quota that refuses second names.
    @Test func `a copy of the old file is for nobody else than the file that was read`() throws {
        let renewal = try renewal(first: false)
        let outputs = renewal.host.certificate.outputs
        let (directory, modes) = (renewal.host.scratch.path("out"), Lock<[FileMode]>([]))
        try File.open(outputs.cert).setMode(0o644)
        let old = try File.read(outputs.key, limit: 1 << 16)
        let seam = InstallSeam { (call, path) throws(SystemError) in
            let out = try Directory.open(directory)
            if call == .link {
                if path == outputs.cert { try out.rename("key.pem", to: "cert.pem") }
                throw SystemError("link", path, .crossesFileSystems)
            }
            guard call == .openJournal else { return }
            for name in try out.entries() where name.hasSuffix(".old") {
                let file = try out.openFile(name)
                if try file.readToEnd(limit: 1 << 16) != old { continue }
                let mode = try file.status().mode
                modes.withLock { $0.append(mode) }
            }
        }
        let installer = try renewal.host.installer(seam: seam)
        _ = try installer.install(renewal.bundle, pendingKey: renewal.key, for: renewal.host.certificate)
        // Under its own name, and under the certificate's.
        #expect(modes.withLock { $0 } == [0o600, 0o600])
    }

    /// As an agent that is not root finds files of root's in a directory of its own.
    @Test(.enabled(if: ProcessFacts.userID == 0))
    func `without a way back a refused rename loses neither key, and is carried on when it can be`()
        async throws
    {
        let renewal = try renewal(first: false)
        try await MountNamespace.run {
            let (cert, key) = (renewal.host.certificate.outputs.cert, renewal.host.certificate.outputs.key)
            let mountBeforeTheSecond = try Self.mountBeforeTheSecondRename(of: renewal, onto: cert)
            let seam = InstallSeam { (call, path) throws(SystemError) in
                if call == .link { throw SystemError("link", path, .notFound) }
                try mountBeforeTheSecond(call, path)
            }
            let installer = try renewal.host.installer(seam: seam)
            let failure = #expect(throws: RenewalFailure.self) {
                try installer.install(renewal.bundle, pendingKey: renewal.key, for: renewal.host.certificate)
            }
            #expect(failure?.failureClass == .installStuck)
            #expect(installer.opened.stuckSubjects == ["web"])
            #expect(try File.read(key, limit: 1 << 16) == renewal.key.bytes)
            #expect(installer.opened.retry().isEmpty, "it is a mount point yet")
            try MountNamespace.unmount(cert)
            #expect(installer.opened.retry().map(\.subject) == ["web"])
            #expect(try renewal.host.outputs() == renewal.new)
        }
        withExtendedLifetime(renewal) {}
    }

    @Test(arguments: [
        (Errno.noSpace, FailureClass.diskFull), (.permissionDenied, .permissionDenied),
        (.notPermitted, .permissionDenied), (.readOnlyFileSystem, .readOnly),
        (.inputOutput, .fileSystemError), (.tooManyOpenFiles, .tooManyOpenFiles),
        (.fileTableFull, .tooManyOpenFiles), (.crossesFileSystems, .crossesFileSystems),
        (Errno(rawValue: 122), .diskFull),
    ])
    func `the class of a failure follows the kernel's reason`(errno: Errno, expected: FailureClass) throws {
        let host = try TestHost()
        let (bundle, key) = try host.issued()
        let seam = InstallSeam { (call, path) throws(SystemError) in
            if call == .synchronize { throw SystemError("fsync", path, errno) }
        }
        let failure = #expect(throws: RenewalFailure.self) {
            try host.installer(seam: seam).install(bundle, pendingKey: key, for: host.certificate)
        }
        #expect(failure?.failureClass == expected)
        #expect(failure?.detail.contains("/out/") == true)
        #expect(try host.outputNames().isEmpty)
    }

    @Test func `what must be on the disk first is`() throws {
        let trap = Trap { _, _ in false }
        _ = try install(try renewal(first: false), trap)
        let calls = trap.made
        let firstRename = try required(calls.firstIndex(of: .rename))
        let lastRename = try required(calls.lastIndex(of: .rename))
        let opened = try required(calls.firstIndex(of: .openJournal))
        let closed = try required(calls.firstIndex(of: .closeJournal))
        let directories = calls.indices.filter { calls[$0] == .synchronizeDirectory }
        #expect(directories.count == 2)
        // Contents and names, then the journal that speaks of them, then the renames.
        #expect(try required(calls.lastIndex(of: .synchronize)) < directories[0])
        #expect(try required(calls.lastIndex(of: .link)) < directories[0])
        #expect(directories[0] < opened)
        #expect(opened < firstRename)
        // The renames last before anything of the old set goes, and the journal goes last.
        #expect(lastRename < directories[1])
        #expect(directories[1] < (try required(calls.firstIndex(of: .unlink))))
        #expect(try required(calls.lastIndex(of: .unlink)) < closed)
    }

    @Test func `no rename happens while a reload command is being started`() async throws {
        let renewal = try renewal(first: true)
        let gate = ReloadGate()
        let (entered, leave, renamed) = (try Bell(), try Bell(), try Bell())
        let starting = try Worker(name: "starting") {
            gate.run("reload") { hasStarted in
                entered.ring()
                _ = leave.wait(until: Clock.boottime() + .seconds(10))
                hasStarted()
            }
        }
        try await onThread {
            _ = entered.wait(until: Clock.boottime() + .seconds(10))
            let staged = try Bell()
            let seam = InstallSeam { (call, _) throws(SystemError) in
                if call == .rename { renamed.ring() }
                if call == .synchronize { staged.ring() }
            }
            let installing = try Worker(name: "installing") {
                _ = try? renewal.host.installer(gate: gate, seam: seam)
                    .install(renewal.bundle, pendingKey: renewal.key, for: renewal.host.certificate)
            }
            _ = staged.wait(until: Clock.boottime() + .seconds(10))
            #expect(renamed.wait(until: Clock.boottime() + .milliseconds(50)) == .timedOut)
            leave.ring()
            #expect(renamed.wait(until: Clock.boottime() + .seconds(10)) == .rung)
            installing.join()
            starting.join()
        }
        #expect(try renewal.host.outputs() == renewal.new)
    }
}
