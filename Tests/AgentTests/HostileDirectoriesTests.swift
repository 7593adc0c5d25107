import Configuration
import Broker
import FoundationEssentials
import Lifecycle
import Log
import PKI
import POSIX
import TestSupport
import Testing

@testable import Agent

/// Renewals whose files lie where something is wrong, each for real: the lab answers, and the kernel refuses.
@Suite(.enabled(if: ProcessFacts.userID == 0)) struct HostileDirectoriesTests {
    /// A host with an installed set of five files, and one renewal after the other on the calling thread.
    private struct Stage: Sendable {
        let host: LabHost
        let certificate: ManagedCertificate
        let folder: String

        init() async throws {
            host = try LabHost()
            _ = try await host.enroll().get()
            var certificate = try host.certificate()
            let cert = certificate.outputs.cert
            folder = String(cert[..<(cert.lastIndex(of: "/") ?? cert.startIndex)])
            certificate.outputs.combined = folder + "/combined.pem"
            self.certificate = certificate
            _ = try required(try await host.attempt(certificate).report)
        }

        func renew(_ changed: ManagedCertificate? = nil) throws -> AttemptOutcome {
            let plan = AttemptPlan(
                id: RenewalID("test"), certificate: changed ?? certificate,
                broker: BrokerAddress(host.settings.broker.url.text), reason: .expiring, rotatesKey: true)
            return host.hands().attempt(plan, in: WorkerContext(), stop: try StopSignal()) { _ in }
        }

        func failure() throws -> RenewalFailure? {
            if case .failed(let failure) = try renew() { failure } else { nil }
        }

        var outputs: [String: [UInt8]] { get throws { try host.outputs(of: certificate) } }

        func requireRenewed(_ outcome: AttemptOutcome, _ certificate: ManagedCertificate? = nil) throws {
            guard case .installed(let report) = outcome else { throw Shortfall("\(outcome)") }
            let certificate = certificate ?? self.certificate
            #expect(report.warnings == [])
            let found = Inventory().look(at: certificate)
            #expect(found.installed?.serial == report.certificate.serial)
            #expect(found.key == .matches)
            #expect(found.rebuildable.isEmpty && found.lost.isEmpty)
            #expect(try host.state.journal.entries() == [])
        }
    }

    private struct Shortfall: Error, CustomStringConvertible {
        let description: String
        init(_ description: String) { self.description = description }
    }

    @Test func `a full disk leaves the old set, and the first try with space succeeds`() async throws {
        let stage = try await Stage()
        let before = try stage.outputs
        try await MountNamespace.run {
            try MountNamespace.memory(at: stage.folder, "size=64k,mode=755")
            for (name, bytes) in before {
                try stage.host.scratch.write(
                    "lab/certs/www/\(name)", String(decoding: bytes, as: UTF8.self),
                    mode: name == "cert.pem" ? 0o644 : 0o600)
            }
            let folder = try Directory.open(stage.folder)
            let filler = try folder.createFile("filler", mode: 0o600)
            while (try? filler.writeAll([UInt8](repeating: 0, count: 4096))) != nil {}

            let failure = try required(try stage.failure())
            #expect(failure.failureClass == .diskFull)
            #expect(failure.stage == .install)
            try folder.unlink("filler")
            #expect(try stage.outputs == before, "and nothing is left beside it")

            // Its space comes back with the last who holds it open.
            try filler.truncate()
            try stage.requireRenewed(try stage.renew())
            #expect(try folder.entries().count == 5)
        }
        #expect(stage.host.lab.counters.orders == 2, "the retry was answered from the cache")
    }

    @Test func `a read-only directory leaves the old set`() async throws {
        let stage = try await Stage()
        let before = try stage.outputs
        try await MountNamespace.run {
            try MountNamespace.makeReadOnly(stage.folder)
            #expect(try stage.failure()?.failureClass == .readOnly)
            #expect(try stage.outputs == before)
            try MountNamespace.unmount(stage.folder)
            try stage.requireRenewed(try stage.renew())
        }
    }

    @Test func `a missing parent is made, for all to pass and for its owner to change`() async throws {
        let stage = try await Stage()
        var certificate = stage.certificate
        let parent = stage.host.scratch.path("deep/er")
        certificate.outputs = OutputPaths(
            key: parent + "/key", cert: parent + "/cert", chain: parent + "/chain",
            fullchain: parent + "/fullchain", combined: parent + "/combined")
        try stage.requireRenewed(try stage.renew(certificate), certificate)
        for path in [parent, stage.host.scratch.path("deep")] { #expect(try stage.host.mode(path) == 0o755) }
    }

    @Test func `a mounted target is written over, beside others that are replaced`() async throws {
        let stage = try await Stage()
        try await MountNamespace.run {
            for name in ["combined.pem", "fullchain.pem"] {
                let target = "\(stage.folder)/\(name)"
                let source = try stage.host.scratch.write(
                    "mounted-\(name)", "", mode: name == "combined.pem" ? 0o600 : 0o644)
                try MountNamespace.bind(source, onto: target)
            }
            try stage.requireRenewed(try stage.renew())
            #expect(try Directory.open(stage.folder).entries().count == 5)
        }
        let mounted = try stage.host.scratch.read("mounted-combined.pem")
        #expect(mounted.contains("PRIVATE KEY") && mounted.contains("BEGIN CERTIFICATE"))
    }

    @Test func `targets on another file system than the state, behind links, are replaced where they are`()
        async throws
    {
        let stage = try await Stage()
        try await MountNamespace.run {
            let elsewhere = try Directory.make(stage.host.scratch.path("elsewhere"), mode: 0o755)
            try MountNamespace.memory(at: elsewhere.path, "size=1m,mode=755")
            let folder = try Directory.open(stage.folder)
            for name in try folder.entries() {
                try folder.unlink(name)
                try symbolicLink("\(stage.folder)/\(name)", to: "\(elsewhere.path)/\(name)")
            }
            for _ in 0..<2 {
                try stage.requireRenewed(try stage.renew())
                #expect(try folder.entries().allSatisfy { try folder.status($0)?.kind == .symbolicLink })
                #expect(try Directory.open(elsewhere.path).entries().count == 5)
            }
        }
    }

    @Test func `files of another owner in root's directory keep him, and lose what is too open`() async throws
    {
        let stage = try await Stage()
        let folder = try Directory.open(stage.folder)
        for name in try folder.entries() {
            let file = try folder.openFile(name)
            try file.setOwner(54_321, group: 54_322)
            try file.setMode(0o666)
        }
        try stage.requireRenewed(try stage.renew())
        for name in try folder.entries() {
            let status = try required(try folder.status(name))
            #expect((status.owner, status.group) == (54_321, 54_322))
            #expect(
                status.mode == (["privkey.pem", "combined.pem"].contains(name) ? 0o640 : 0o644), "\(name)")
        }
    }

    @Test func `who gives a file names while it is looked at ends no agent`() async throws {
        let scratch = try ScratchDirectory()
        let folder = try Directory.make(scratch.path("out"), mode: 0o777)
        _ = try folder.createFile("key.pem", mode: 0o600)
        try folder.link("key.pem", to: "second")
        // So that it takes its time to list them.
        for number in 0..<200 { _ = try folder.createFile(".certplane-\(number)", mode: 0o600) }
        let isOver = Lock(false)
        let stranger = try Worker(name: "stranger") {
            guard let folder = try? Directory.open(scratch.path("out")) else { return }
            let names = (0..<4).map { ".certplane-tag-\($0)" }
            while !isOver.withLock({ $0 }) {
                for name in names { try? folder.link("key.pem", to: name) }
                for name in names { try? folder.unlink(name) }
            }
        }
        try await onThread {
            let deadline = Clock.boottime() + .seconds(2)
            while Clock.boottime() < deadline {
                let location = try SafePath.resolve(scratch.path("out/key.pem"))
                let place = try location.directory.status()
                _ = FileInheritance(from: location, in: place, tag: "tag-", agent: .current)
            }
        }
        isOver.withLock { $0 = true }
        stranger.join()
    }
}
