import Configuration
import Glibc
import Lifecycle
import Log
import PKI
import POSIX
import TestSupport
import Testing

@testable import Agent

/// Journals as a crash leaves them, written by hand: what a recovery makes of each.
@Suite final class InstallRecoveryTests {
    private let host: TestHost
    private let out: Directory

    init() throws {
        host = try TestHost()
        out = try Directory.make(host.scratch.path("out"), mode: 0o755)
    }

    private func write(_ name: String, _ text: String) throws {
        try out.unlinkIfPresent(name)
        try out.createFile(name, mode: 0o600).writeAll(Array(text.utf8))
    }

    private func recorded(_ name: String, hadOld: Bool = true) -> InstallRecord.File {
        InstallRecord.File(
            path: host.scratch.path("out/\(name)"), stagedName: ".certplane-\(name)",
            oldName: hadOld ? ".certplane-\(name).old" : nil, hadOld: hadOld,
            sha256: SHA256.hex(Array("new \(name)".utf8)))
    }

    private func open(_ files: [InstallRecord.File]) throws -> InstallJournal {
        let journal = try host.journal()
        _ = try journal.open(InstallRecord(subject: "web", files: files))
        return journal
    }

    private func contents() throws -> [String: String] {
        try host.outputs().mapValues { String(decoding: $0, as: UTF8.self) }
    }

    private func recover(_ journal: InstallJournal) throws -> [InstallRecovery.Outcome] {
        try InstallRecovery(journal: journal, log: host.log).run()
    }

    @Test func `a set of which some files are in place is finished`() throws {
        try write("key", "new key")
        try write(".certplane-key.old", "old key")
        try write("cert", "old cert")
        try write(".certplane-cert.old", "old cert")
        try write(".certplane-cert", "new cert")
        let journal = try open([recorded("key"), recorded("cert")])
        #expect(try recover(journal) == [.finished(subject: "web")])
        #expect(try contents() == ["key": "new key", "cert": "new cert"])
        #expect(try journal.entries().isEmpty)
        #expect(try recover(journal) == [])
    }

    @Test func `a set that was being put back is finished all the same`() throws {
        // The target is new and the staged name leads to the same file again.
        try write("key", "new key")
        try out.link("key", to: ".certplane-key")
        try write(".certplane-key.old", "old key")
        try write("cert", "old cert")
        try write(".certplane-cert", "new cert")
        let journal = try open([recorded("key"), recorded("cert")])
        #expect(try recover(journal) == [.finished(subject: "web")])
        #expect(try contents() == ["key": "new key", "cert": "new cert"])
    }

    @Test(arguments: ["", "another content"])
    func `a set with a missing or changed new file is undone`(staged: String) throws {
        try write("key", "new key")
        try write(".certplane-key.old", "old key")
        try write("cert", "old cert")
        if !staged.isEmpty { try write(".certplane-cert", staged) }
        let journal = try open([recorded("key"), recorded("cert")])
        #expect(try recover(journal) == [.undone(subject: "web")])
        #expect(try contents() == ["key": "old key", "cert": "old cert"])
        #expect(try journal.entries().isEmpty)
    }

    @Test func `undoing a first install leaves none of its files`() throws {
        try write("key", "new key")
        let journal = try open([recorded("key", hadOld: false), recorded("cert", hadOld: false)])
        #expect(try recover(journal) == [.undone(subject: "web")])
        #expect(try contents().isEmpty)
    }

    @Test func `a set whose putting back was cut off goes back if a new file is missing`() throws {
        // The target is new and the staged name leads to the same file again.
        try write("key", "new key")
        try out.link("key", to: ".certplane-key")
        try write(".certplane-key.old", "old key")
        try write("cert", "old cert")
        let journal = try open([recorded("key"), recorded("cert")])
        #expect(try recover(journal) == [.undone(subject: "web")])
        #expect(try contents() == ["key": "old key", "cert": "old cert"])
    }

    @Test func `the only key is never removed`() throws {
        try write("key", "new key")
        try write("cert", "old cert")
        var key = recorded("key")
        key.oldName = nil
        let journal = try open([key, recorded("cert")])
        let path = host.scratch.path("out/key")
        #expect(try recover(journal) == [.mixed(subject: "web", paths: [path])])
        #expect(try contents() == ["key": "new key", "cert": "old cert"])
        #expect(try journal.entries().isEmpty, "an order is what helps, and it must not wait")
        #expect(host.capture.lines.contains { $0.contains("can be neither finished nor undone") })
    }

    @Test func `an old file that somebody has removed is not said to be back`() throws {
        try write("key", "new key")
        try write("cert", "old cert")
        let journal = try open([recorded("key"), recorded("cert")])
        #expect(try recover(journal) == [.mixed(subject: "web", paths: [host.scratch.path("out/key")])])
    }

    @Test func `a file that was the same before is no new one`() throws {
        try write("key", "old key")
        try write("chain", "new chain")
        var chain = recorded("chain")
        chain.isSame = true
        let journal = try open([recorded("key"), chain])
        #expect(try recover(journal) == [.undone(subject: "web")])
        #expect(try contents() == ["key": "old key", "chain": "new chain"])
    }

    @Test func `a set that lies in one missing directory and one that is there is put back where it can be`()
        throws
    {
        try write("key", "new key")
        try write(".certplane-key.old", "old key")
        var cert = recorded("cert")
        cert.path = host.scratch.path("gone/cert")
        let journal = try open([recorded("key"), cert])
        let recovery = InstallRecovery(journal: journal, log: host.log)
        guard case .stuck(let entry, _, let obstacle)? = try recovery.run().first else { throw Missing() }
        #expect(obstacle.isAbsence && obstacle.isMixed)
        #expect(recovery.recover(entry, givingUp: true) == .undone(subject: "web"))
        #expect(try contents() == ["key": "old key"])
    }

    @Test(arguments: [".certplane-cert", ".certplane-key.old"])
    func `what is no file under a name of ours is left, and the install is over`(name: String) throws {
        try write("key", "new key")
        try write("cert", "new cert")
        _ = try out.makeDirectory(name, mode: 0o755)
        let journal = try open([recorded("key"), recorded("cert")])
        #expect(try recover(journal) == [.finished(subject: "web")])
        #expect(try out.entries() == [name, "cert", "key"])
        #expect(try journal.entries().isEmpty)
        #expect(host.capture.lines.contains { $0.contains("is somebody else's by now") && $0.contains(name) })
    }

    @Test func `recover says that nothing was left only where that is so`() {
        #expect(Recovery.Report().lines == ["Nothing was left unfinished."])
        #expect(Recovery.Report(finished: ["a"], undone: ["b"]).lines == ["finished: a", "undone: b"])
        #expect(Recovery.Report(finished: ["a"], stuck: ["b"]).lines == ["finished: a"])
        for left in [
            Recovery.Report(mixed: ["a"]), Recovery.Report(stuck: ["a"]),
            Recovery.Report(hasDamagedEntries: true), Recovery.Report(isJournalUnread: true),
        ] {
            #expect(left.lines == [])
            #expect(!left.isComplete)
        }
    }

    @Test func `an install that was done but not closed stays`() throws {
        try write("key", "new key")
        let journal = try open([recorded("key")])
        #expect(try recover(journal) == [.finished(subject: "web")])
        #expect(try contents() == ["key": "new key"])
    }

    @Test func `an entry whose directory has gone stays for another try`() throws {
        let journal = try open([recorded("key")])
        try Directory.open(host.scratch.path("")).removeDirectory("out")
        let outcomes = try recover(journal)
        guard case .stuck(_, let record, _)? = outcomes.first else {
            Issue.record("\(outcomes)")
            return
        }
        #expect(record?.subject == "web")
        #expect(try journal.entries().count == 1)
        #expect(host.capture.lines.contains { $0.contains("interrupted install can't be finished") })
    }

    @Test(arguments: ["", "{", "[]", #"{"version":99,"subject":"web","files":[]}"#])
    func `a damaged entry is set aside and told`(text: String) throws {
        let state = try host.stateDirectory()
        try state.journal.createFile("install.certplane-x.json", mode: 0o600).writeAll(Array(text.utf8))
        let journal = InstallJournal(state)
        #expect(try recover(journal) == [.damaged])
        #expect(try journal.entries().isEmpty)
        #expect(try state.journal.entries().count == 1)
        #expect(host.capture.lines.contains { $0.contains("install journal is damaged") })
    }

    @Test func `an undone set leaves alone what somebody else has put in a file's place since`() throws {
        try write("key", "new key")
        try write(".certplane-key.old", "old key")
        try write("cert", "renewed by hand")
        try write(".certplane-cert.old", "old cert")
        let journal = try open([recorded("key"), recorded("cert")])
        #expect(try recover(journal) == [.undone(subject: "web")])
        #expect(try contents() == ["key": "old key", "cert": "renewed by hand"])
    }

    private func recovery(_ state: StateDirectory, out: String = "out") throws -> HostRecovery {
        let text = """
            identity: {name: edge01, cert: /nowhere/a, key: /nowhere/b, issuer_ca_bundle: /nowhere/c,
              step_ca: {url: "https://ca.example.org", root_ca_bundle: /nowhere/d}}
            broker: {url: "https://broker.example.org", server_ca_bundle: /nowhere/e}
            certificates:
              - {name: web, profile: web, dns_names: [a.example.org], key: \(host.scratch.path(out))/key,
                cert: /nowhere/cert, chain: /nowhere/chain, fullchain: /nowhere/fullchain}
            """
        let settings = try AgentConfiguration.load(Array(text.utf8), file: "agent.yml")
        return HostRecovery(settings: settings, state: state, log: host.log)
    }

    @Test func `while an entry can't be read nothing is swept that it may need`() throws {
        let state = try host.stateDirectory()
        let staged = ".certplane-\(state.stagingTag)key"
        try write(staged, "new key")
        // A directory can be opened like a file, but not read.
        _ = try state.journal.makeDirectory("install.certplane-x.json", mode: 0o700)
        let recovery = try recovery(state)
        guard case .stuck(_, nil, _)? = recovery.runAndSweep().first else { throw Missing() }
        #expect(try contents() == [staged: "new key"])
        try state.journal.removeDirectory("install.certplane-x.json")
        #expect(recovery.runAndSweep().isEmpty)
        #expect(try contents() == [:])
    }

    @Test func `while a damaged entry is there nothing is swept that it may have needed`() throws {
        let state = try host.stateDirectory()
        let staged = ".certplane-\(state.stagingTag)key"
        try write(staged, "new key")
        try state.journal.createFile("install.certplane-x.json", mode: 0o600).writeAll(Array("{".utf8))
        let recovery = try recovery(state)
        #expect(recovery.runAndSweep() == [.damaged])
        #expect(recovery.runAndSweep() == [])
        #expect(try contents() == [staged: "new key"])
        let told = host.capture.lines.filter { $0.contains("kept beside a damaged journal entry") }
        #expect(told.count == 2)
        try state.journal.unlink(try required(state.journal.entries().first))
        #expect(recovery.runAndSweep() == [])
        #expect(try contents() == [:])
    }

    @Test func `what was staged in a directory that the configuration names no more is found`() throws {
        let state = try host.stateDirectory()
        let staged = ".certplane-\(state.stagingTag)key"
        _ = try recovery(state).runAndSweep()
        try write(staged, "new key")
        #expect(try contents() == [staged: "new key"])
        let elsewhere = try recovery(state, out: "elsewhere")
        #expect(elsewhere.runAndSweep() == [])
        #expect(try contents() == [:])
        let places = StagingPlaces(state: state, log: host.log)
        #expect(places.read() == ["/nowhere", host.scratch.path("elsewhere")])

        // While an entry needs it the directory is kept in mind.
        _ = try recovery(state).runAndSweep()
        var key = recorded("key")
        key.stagedName = staged
        _ = try open([key])
        try write(staged, "new key")
        _ = try Directory.make(host.scratch.path("out/key"), mode: 0o755)
        #expect(elsewhere.runAndSweep().count == 1)
        #expect(try required(places.read()).contains(host.scratch.path("out")))
    }

    @Test func `what was staged on a volume that was away is found when it is back`() throws {
        let state = try host.stateDirectory()
        _ = try recovery(state).runAndSweep()
        let staged = ".certplane-\(state.stagingTag)key"
        try write(staged, "new key")
        try host.scratch.open().rename("out", to: "away")
        let elsewhere = try recovery(state, out: "elsewhere")
        #expect(elsewhere.runAndSweep() == [])
        try host.scratch.open().rename("away", to: "out")
        #expect(elsewhere.runAndSweep() == [])
        #expect(try contents() == [:])
    }

    @Test func `what was staged where a link led is found when the link is gone`() throws {
        let state = try host.stateDirectory()
        _ = try Directory.make(host.scratch.path("real"), mode: 0o755)
        #expect(rmdir(host.scratch.path("out")) == 0)
        #expect(symlink("real", host.scratch.path("out")) == 0)
        let (bundle, key) = try host.issued()
        _ = try host.installer().install(bundle, pendingKey: key, for: host.certificate)
        let left = try host.scratch.write("real/.certplane-\(state.stagingTag)0", "new key", mode: 0o600)
        #expect(unlink(host.scratch.path("out")) == 0)
        _ = try recovery(state, out: "elsewhere").runAndSweep()
        #expect(try File.status(left) == nil)
    }

    @Test func `a list of directories that can't be read is kept, and a new one begun`() throws {
        let state = try host.stateDirectory()
        let places = StagingPlaces(state: state, log: host.log)
        _ = try state.root.makeDirectory("directories", mode: 0o700)
        #expect(places.add(["/a"]) == ["/a"])
        #expect(places.read() == ["/a"])
        #expect(try state.root.entries().contains { $0.hasPrefix("directories.damaged-") })
    }

    @Test func `a damaged staging tag is told of`() throws {
        let first = try host.stateDirectory()
        try host.scratch.write("state/staging-tag", "", mode: 0o600)
        let second = try host.stateDirectory()
        #expect(first.stagingTag != second.stagingTag)
        #expect(try host.stateDirectory().stagingTag == second.stagingTag)
        #expect(host.capture.lines.filter { $0.contains("staging tag is damaged") }.count == 1)
    }

    @Test func `what another agent has staged in the same directory stays`() throws {
        let state = try host.stateDirectory()
        try write(".certplane-\(state.stagingTag)0", "litter")
        try write(".certplane-01234567-0", "another's key")
        #expect(try recovery(state).runAndSweep() == [])
        #expect(try contents() == [".certplane-01234567-0": "another's key"])
    }

    @Test func `a sweep leaves the names that a stuck install needs`() throws {
        try write(".certplane-key", "new key")
        try write(".certplane-other", "litter")
        StagingSweep(tag: "", log: host.log, kept: [".certplane-key"]).sweepBeside([
            host.scratch.path("out/key")
        ])
        #expect(try contents() == [".certplane-key": "new key"])
    }
}

extension HostRecovery {
    /// As the command `recover`.
    func runAndSweep() -> [InstallRecovery.Outcome] {
        let (outcomes, sweep) = run()
        sweep?.run()
        return outcomes
    }
}
