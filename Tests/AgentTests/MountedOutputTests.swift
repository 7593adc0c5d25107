import Lifecycle
import Log
import PKI
import POSIX
import TestSupport
import Testing

@testable import Agent

/// Sets of which one file is mounted over its place, so that it is written over instead of replaced.
@Suite(.enabled(if: ProcessFacts.userID == 0)) struct MountedOutputTests {
    private static let stranger: UserID = 54_321

    /// Mounts a copy of the installed file over it.
    private static func mount(_ name: String, of host: TestHost, mode: FileMode = 0o600) throws {
        let text = String(
            decoding: try File.read(host.scratch.path("out/\(name)"), limit: 1 << 20), as: UTF8.self)
        let source = try host.scratch.write("mounted/\(name)", text, mode: mode)
        try MountNamespace.bind(source, onto: host.scratch.path("out/\(name)"))
    }

    private static func requireNothingLeft(_ host: TestHost) throws {
        #expect(try host.outputNames().count == 5)
        #expect(try host.stateDirectory().journal.entries() == [])
    }

    @Test(arguments: ["combined.pem", "key.pem", "cert.pem"])
    func `it is written over where it is, and nothing is left over`(name: String) async throws {
        let renewal = try Renewal(first: false)
        try await MountNamespace.run {
            try Self.mount(name, of: renewal.host)
            let before = try required(File.status(renewal.host.scratch.path("out/\(name)")))
            let trap = Trap { _, _ in false }
            #expect(try renewal.install(trap) == [])
            #expect(try renewal.host.outputs() == renewal.new)
            let after = try required(File.status(renewal.host.scratch.path("out/\(name)")))
            #expect(after.isSameFile(as: before))
            #expect(after.mode == (name == "cert.pem" ? 0o600 : 0o600))
            #expect(
                try renewal.host.scratch.read("mounted/\(name)")
                    == String(decoding: try required(renewal.new[name]), as: UTF8.self))
            try Self.requireNothingLeft(renewal.host)
            // Its turn comes when every rename has succeeded.
            let calls = trap.made
            #expect(try required(calls.firstIndex(of: .overwrite)) > required(calls.lastIndex(of: .rename)))
            #expect(calls.filter { $0 == .rename }.count == 4)
        }
    }

    @Test func `after any single failed call the set is whole and nothing is left`() async throws {
        let dry = Trap { _, _ in false }
        try await MountNamespace.run {
            let renewal = try Renewal(first: false)
            try Self.mount("combined.pem", of: renewal.host)
            _ = try renewal.install(dry)
        }
        #expect(dry.made.contains(.overwrite))
        for position in dry.made.indices {
            try await MountNamespace.run {
                let renewal = try Renewal(first: false)
                try Self.mount("combined.pem", of: renewal.host)
                let call = dry.made[position]
                do {
                    let warnings = try renewal.install(Trap { made, _ in made == position })
                    #expect(!warnings.isEmpty, "call \(position) (\(call)) failed without a word")
                    try renewal.host.recover()
                    #expect(try renewal.host.outputs() == renewal.new, "call \(position) (\(call))")
                } catch is RenewalFailure {
                    #expect(try renewal.host.outputs() == renewal.old, "call \(position) (\(call))")
                }
                StagingSweep(tag: "", log: renewal.host.log).sweepJournal(
                    of: try renewal.host.stateDirectory())
                try Self.requireNothingLeft(renewal.host)
            }
        }
    }

    @Test func `a disk that dies for good and comes back leaves the old set or the new one`() async throws {
        let dry = Trap { _, _ in false }
        try await MountNamespace.run {
            let renewal = try Renewal(first: false)
            try Self.mount("combined.pem", of: renewal.host)
            _ = try renewal.install(dry)
        }
        for position in dry.made.indices {
            try await MountNamespace.run {
                let renewal = try Renewal(first: false)
                try Self.mount("combined.pem", of: renewal.host)
                do { _ = try renewal.install(Trap { made, _ in made >= position }) } catch is RenewalFailure {
                }
                try renewal.host.recover()
                let outputs = try renewal.host.outputs()
                #expect(outputs == renewal.old || outputs == renewal.new, "call \(position) left a mix")
                #expect(try renewal.host.journal().entries().isEmpty)
            }
        }
    }

    /// A journal as a crash leaves it, and what a recovery makes of it.
    private struct Crash: Sendable {
        let host: TestHost
        let target: String

        init(copy: String?, old: String?, target content: String) throws {
            host = try TestHost()
            target = host.scratch.path("out/key")
            try host.scratch.write("out/key", content, mode: 0o600)
            let state = try host.stateDirectory()
            for (name, text) in [(".certplane-1", copy), (".certplane-2", old)] {
                if let text { try state.journal.createFile(name, mode: 0o600).writeAll(Array(text.utf8)) }
            }
            let file = InstallRecord.File(
                path: target, stagedName: ".certplane-1", oldName: ".certplane-2", hadOld: true,
                sha256: SHA256.hex(Array("the new key".utf8)),
                mounted: InstallRecord.Mounted(user: MountedOutputTests.stranger, group: 0, mode: 0o640))
            _ = try InstallJournal(state).open(InstallRecord(subject: "web", files: [file]))
        }

        func recover() throws -> [InstallRecovery.Outcome] {
            let outcomes = try InstallRecovery(journal: try host.journal(), log: host.log).run()
            #expect(try host.stateDirectory().journal.entries() == [])
            #expect(try host.outputNames() == ["key"])
            return outcomes
        }
    }

    @Test(arguments: ["", "the ne", "the new key", "the old key", "the new keyd key"])
    func `a torn file is written again from the copy`(content: String) async throws {
        let crash = try Crash(copy: "the new key", old: "the old key", target: content)
        let inode = try await MountNamespace.run {
            try MountNamespace.bind(
                crash.host.scratch.write("mounted/key", content, mode: 0o600), onto: crash.target)
            #expect(try crash.recover() == [.finished(subject: "web")])
            #expect(try crash.host.scratch.read("out/key") == "the new key")
            return try required(File.status(crash.target)).inode
        }
        let status = try required(File.status(crash.host.scratch.path("mounted/key")))
        #expect(status.inode == inode)
        #expect((status.owner, status.mode) == (Self.stranger, 0o640))
    }

    @Test(arguments: [nil, "another"] as [String?])
    func `without its copy a torn file is written again from the old one's`(copy: String?) async throws {
        let crash = try Crash(copy: copy, old: "the old key", target: "")
        try await MountNamespace.run {
            try MountNamespace.bind(
                crash.host.scratch.write("mounted/key", "the ne", mode: 0o600), onto: crash.target)
            #expect(try crash.recover() == [.undone(subject: "web")])
            #expect(try crash.host.scratch.read("out/key") == "the old key")
        }
    }

    @Test func `when nothing is mounted there any more the file is replaced, for whom it was`() throws {
        let crash = try Crash(copy: "the new key", old: "the old key", target: "underneath")
        let before = try required(File.status(crash.target))
        #expect(try crash.recover() == [.finished(subject: "web")])
        let after = try required(File.status(crash.target))
        #expect(try crash.host.scratch.read("out/key") == "the new key")
        #expect(!after.isSameFile(as: before))
        #expect((after.owner, after.mode) == (Self.stranger, 0o640))
    }

    @Test func `a key's file that was open to others is closed before the key is in it, and that is told`()
        async throws
    {
        let renewal = try Renewal(first: false)
        try await MountNamespace.run {
            try Self.mount("key.pem", of: renewal.host, mode: 0o666)
            let warnings = try renewal.install(Trap { _, _ in false })
            #expect(warnings.contains { $0.contains("open to others") })
            #expect(try File.status(renewal.host.certificate.outputs.key)?.mode == 0o640)
            #expect(try !Tool.canRead(renewal.host.scratch.path("mounted/key.pem"), user: Self.stranger))
        }
    }

    @Test func `a configured owner and mode are those of the mounted file too`() async throws {
        var host = try TestHost(combined: true)
        let (first, firstKey) = try host.issued()
        _ = try host.installer().install(first, pendingKey: firstKey, for: host.certificate)
        host.certificate.ownership = FileOwnership(owner: "\(Self.stranger)", keyMode: 0o440)
        let (bundle, key) = try host.issued()
        let it = host
        try await MountNamespace.run {
            try Self.mount("key.pem", of: it)
            _ = try it.installer().install(bundle, pendingKey: key, for: it.certificate)
            let status = try required(File.status(it.certificate.outputs.key))
            #expect((status.owner, status.mode) == (Self.stranger, 0o440))
            #expect(try it.outputs()["key.pem"] == key.bytes)
        }
    }

    @Test func `check names a mounted target`() async throws {
        let host = try LabHost()
        let settings = host.settings
        let output = try host.certificate().outputs.fullchain
        try host.scratch.write("lab/certs/www/fullchain.pem", "")
        let source = try host.scratch.write("mounted", "")
        let findings = try await MountNamespace.run {
            try MountNamespace.bind(source, onto: output)
            return Inspection(settings).findings()
        }
        #expect(
            findings.contains {
                $0.severity == .notice && $0.subject == "certificate www fullchain"
                    && $0.message.contains("is mounted")
            }, "\(findings)")
    }

    @Test func `a recovery shows no key to others by a mounted file with a list`() async throws {
        let renewal = try Renewal(first: false)
        try await MountNamespace.run {
            let target = renewal.host.scratch.path("out/key.pem")
            let source = try renewal.host.scratch.write("mounted/key.pem", "old", mode: 0o600)
            try MountNamespace.bind(source, onto: target)
            _ = try? renewal.install(Trap { _, call in call == .overwrite || call == .closeJournal })
            #expect(try renewal.host.journal().entries().count == 1)
            try MountNamespace.unmount(target)
            let other = try renewal.host.scratch.write("mounted/other.pem", "other", mode: 0o644)
            try Directory.open(renewal.host.scratch.path("mounted")).openFile("other.pem", for: .readWrite)
                .setAccessControlList(
                    AccessControlList([
                        .init(.owner, 6), .init(.user(54_321), 4), .init(.owningGroup, 4), .init(.mask, 4),
                        .init(.others, 4),
                    ]))
            try MountNamespace.bind(other, onto: target)
            try renewal.host.recover()
            #expect(try File.read(target, limit: 99_999) == renewal.key.bytes)
            #expect(try required(File.status(target)).mode & 0o007 == 0)
        }
    }
}
