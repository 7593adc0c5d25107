import Configuration
import FoundationEssentials
import Lifecycle
import Log
import PKI
import POSIX
import TestSupport
import Testing

@testable import Agent

/// Interrupted installs whose directory is missing, or has another in its place.
@Suite struct AbsentVolumeTests {
    /// How a volume comes to be missing.
    enum Loss: CaseIterable {
        /// Its mount point is left, another directory than the one that the files were staged in.
        case otherDirectory
        /// All that the directory held is elsewhere.
        case emptied
        /// The mount point holds files of an earlier time.
        case olderFiles
    }

    private func recover(_ host: TestHost) throws -> [InstallRecovery.Outcome] {
        try InstallRecovery(journal: try host.journal(), log: host.log).run()
    }

    private func lose(_ host: TestHost, _ loss: Loss) throws {
        let root = try Directory.open(host.scratch.path)
        let volume = host.scratch.path("volume")
        switch loss {
        case .otherDirectory, .olderFiles:
            try root.rename("out", to: "volume")
            let empty = try root.makeDirectory("out", mode: 0o755)
            guard loss == .olderFiles else { return }
            for name in ["key.pem", "cert.pem"] {
                try empty.createFile(name, mode: 0o600).writeAll(Array("old".utf8))
            }
            // A chain is mostly the same.
            try empty.createFile("chain.pem", mode: 0o600).writeAll(
                File.read(volume + "/chain.pem", limit: 99_999))
        case .emptied: try move("out", to: "volume", in: root)
        }
    }

    private func move(_ from: String, to: String, in root: borrowing Directory) throws {
        let source = try root.openDirectory(from)
        let target = try root.makeDirectory(to, mode: 0o755)
        for name in try source.entries() { try source.rename(name, to: name, in: target) }
    }

    private func giveBack(_ host: TestHost) throws {
        let root = try Directory.open(host.scratch.path)
        try root.rename("out", to: "mountpoint")
        try root.rename("volume", to: "out")
    }

    @Test(arguments: Loss.allCases)
    func `a volume that is not mounted is waited for, and the set is finished when it is`(loss: Loss) throws {
        let renewal = try Renewal(first: false)
        try renewal.breakOff()
        try lose(renewal.host, loss)
        let there = try renewal.host.outputs()
        guard case .stuck(_, _, let obstacle)? = try recover(renewal.host).first else { throw Missing() }
        #expect(obstacle.isAbsence && !obstacle.isMixed)
        #expect(try renewal.host.outputs() == there)
        #expect(renewal.host.capture.lines.contains { $0.contains("Mount or make the directory") })
        try giveBack(renewal.host)
        #expect(try recover(renewal.host) == [.finished(subject: "web")])
        #expect(try renewal.host.outputs() == renewal.new)
        #expect(try renewal.host.journal().entries() == [])
    }

    @Test func `of a first install another directory in its place tells nothing either`() throws {
        let renewal = try Renewal(first: true)
        try renewal.breakOff()
        try lose(renewal.host, .otherDirectory)
        guard case .stuck(_, _, let obstacle)? = try recover(renewal.host).first else { throw Missing() }
        #expect(obstacle.isAbsence)
        try giveBack(renewal.host)
        #expect(try recover(renewal.host) == [.finished(subject: "web")])
        #expect(try renewal.host.outputs() == renewal.new)
    }

    @Test func `a directory that holds the files is the right one, whatever its number`() throws {
        let renewal = try Renewal(first: false)
        try renewal.breakOff()
        let root = try Directory.open(renewal.host.scratch.path)
        try root.rename("out", to: "before")
        try move("before", to: "out", in: root)
        #expect(try recover(renewal.host) == [.finished(subject: "web")])
        #expect(try renewal.host.outputs() == renewal.new)
    }

    @Test func `where files of the install are one that is missing is missing`() throws {
        let renewal = try Renewal(first: false)
        try renewal.breakOff()
        let root = try Directory.open(renewal.host.scratch.path)
        try root.rename("out", to: "before")
        try move("before", to: "out", in: root)
        let out = try root.openDirectory("out")
        for name in try out.entries() where name.hasPrefix(".certplane-") && !name.hasSuffix(".old") {
            try out.unlink(name)
        }
        #expect(try recover(renewal.host) == [.undone(subject: "web")])
        #expect(try renewal.host.outputs() == renewal.old)
    }

    @Test func `the next install gives up what is not there`() throws {
        let renewal = try Renewal(first: false)
        try renewal.breakOff()
        try lose(renewal.host, .otherDirectory)
        let installer = try renewal.host.installer()
        installer.opened.adopt(stuck: try recover(renewal.host))
        #expect(installer.opened.retry().isEmpty)
        let (second, key) = try renewal.host.issued()
        _ = try installer.install(second, pendingKey: key, for: renewal.host.certificate)
        #expect(try renewal.host.journal().entries() == [])
        #expect(try renewal.host.outputs()["key.pem"] == key.bytes)
    }

    @Test func `an entry of an agent that noted no directories is recovered`() throws {
        let host = try TestHost()
        let out = try Directory.make(host.scratch.path("out"), mode: 0o755)
        try out.createFile(".certplane-a", mode: 0o600).writeAll(Array("new".utf8))
        let text = """
            {"version":1,"subject":"web","files":[{"path":"\(host.scratch.path("out/key.pem"))",
             "stagedName":".certplane-a","hadOld":false,"isSame":false,
             "sha256":"\(SHA256.hex(Array("new".utf8)))"}]}
            """
        let state = try host.stateDirectory()
        try state.journal.createFile("install.certplane-a.json", mode: 0o600).writeAll(Array(text.utf8))
        #expect(try recover(host) == [.finished(subject: "web")])
        #expect(try host.outputs() == ["key.pem": Array("new".utf8)])
    }

    // MARK: Nobody's install

    private func recovery(of names: String..., host: TestHost) throws -> HostRecovery {
        let certificates = names.map { name in
            let paths = ["key", "cert", "chain", "fullchain"].map {
                "\($0): \(host.scratch.path("kept"))/\(name)-\($0)"
            }
            return "  - {name: \(name), profile: web, dns_names: [a.example.org], "
                + paths.joined(separator: ", ") + "}"
        }
        let text = """
            identity: {name: edge01, cert: /nowhere/a, key: /nowhere/b, issuer_ca_bundle: /nowhere/c,
              step_ca: {url: "https://ca.example.org", root_ca_bundle: /nowhere/d}}
            broker: {url: "https://broker.example.org", server_ca_bundle: /nowhere/e}
            certificates:
            \(certificates.joined(separator: "\n"))
            """
        let settings = try AgentConfiguration.load(Array(text.utf8), file: "agent.yml")
        return HostRecovery(settings: settings, state: try host.stateDirectory(), log: host.log)
    }

    @Test func `an install that no certificate of the configuration has is given up after thirty days`()
        throws
    {
        let host = try TestHost()
        let journal = try host.journal()
        let entry = try journal.open(
            InstallRecord(
                subject: "removed",
                files: [
                    InstallRecord.File(
                        path: host.scratch.path("gone/key"), stagedName: ".certplane-key", hadOld: true,
                        sha256: "00")
                ]))
        let path = journal.path(of: entry)
        let age = { (days: Double) in
            try FileManager.default.setAttributes(
                [.modificationDate: Date.now - days * 86_400], ofItemAtPath: path)
        }
        try age(29)
        #expect(try recovery(of: "web", host: host).runAndSweep().count == 1)
        #expect(try journal.entries().count == 1)
        #expect(
            host.capture.lines.last { $0.contains("can't be finished") }?.contains("remove \(path)") == true)
        try age(31)
        // A renewal gives it up where there is one.
        #expect(try recovery(of: "removed", host: host).runAndSweep().count == 1)
        #expect(try journal.entries().count == 1)
        #expect(
            host.capture.lines.last { $0.contains("can't be finished") }?.contains("next renewal") == true)
        #expect(try recovery(of: "web", host: host).runAndSweep() == [.undone(subject: "removed")])
        #expect(try journal.entries() == [])
    }

    @Test(
        .enabled(if: MountNamespace.canHang, "needs root and /dev/fuse"), arguments: ["removed", "web"])
    func `an entry whose directory is missing makes no start look where it hangs`(name: String) async throws {
        let host = try TestHost()
        try await MountNamespace.run {
            let record = InstallRecord(
                subject: name,
                files: [
                    InstallRecord.File(
                        path: host.scratch.path("gone/key"), stagedName: ".gone", hadOld: true, sha256: "00")
                ])
            _ = try host.journal().open(record)
            let recovery = try self.recovery(of: "web", host: host)
            _ = try Directory.make(host.scratch.path("kept"), mode: 0o755)
            let hanging = try MountNamespace.hanging(at: host.scratch.path("kept"))
            let hasEnded = Monitor(false)
            let thread = try Worker(name: "start") {
                let hands = HostHands(recovery.settings, state: recovery.state, log: host.log)
                hands.adopt(stuck: recovery.run().outcomes)
                hasEnded.change { $0 = true }
            }
            let deadline = Clock.boottime() + .seconds(20)
            #expect(hasEnded.wait(until: deadline) { $0 ? true : nil } == true)
            #expect(try host.journal().entries().count == 1)
            hanging.free()
            thread.join()
        }
    }
}
