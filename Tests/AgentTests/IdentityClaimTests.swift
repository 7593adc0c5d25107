import Broker
import Configuration
import FoundationEssentials
import HTTP
import HTTPServer
import Lifecycle
import Log
import PKI
import POSIX
import TestSupport
import Testing

@testable import Agent

/// The identity's pair between processes: an agent that renews it, an enrolment, a recovery.
@Suite struct IdentityClaimTests {
    private let host: LabHost
    private let authority: TestAuthority

    init() throws {
        host = try LabHost()
        authority = try TestAuthority()
    }

    private func pair(_ host: LabHost) throws -> [[UInt8]] {
        try [host.settings.identity.certificatePath, host.settings.identity.keyPath].map(host.bytes)
    }

    private func identity(lifetime: Double = 86_400) throws -> TestIdentity {
        try authority.identity(
            authority.template(
                commonName: host.settings.identity.name, usages: [.clientAuth],
                notBefore: authority.now - 7200, lifetime: lifetime))
    }

    /// An install of the identity that a process had decided when it died: the key is in place, the certificate is not.
    private func leaveOpen(_ identity: TestIdentity, subject: String = InstallSubject.identity.text) throws {
        var files: [InstallRecord.File] = []
        for (name, bytes) in [
            ("identity.key", identity.keyBytes), ("identity.crt", Array(identity.chain.pem.utf8)),
        ] {
            let staged = ".certplane-\(name)"
            try host.state.root.createFile(staged, mode: 0o600).writeAll(bytes)
            files.append(
                InstallRecord.File(
                    path: host.state.root.path(of: name), stagedName: staged, oldName: nil, hadOld: false,
                    sha256: SHA256.hex(bytes)))
        }
        _ = try InstallJournal(host.state).open(InstallRecord(subject: subject, files: files))
        try host.state.root.rename(".certplane-identity.key", to: "identity.key")
    }

    private func recover() throws {
        _ = HostRecovery(settings: host.settings, state: host.state, log: host.log).runAndSweep()
    }

    @Test func `an enrolment finishes what was decided before, and needs no token if that is valid`()
        async throws
    {
        let renewed = try identity()
        try host.writeIdentity(try identity(lifetime: 3600))
        try leaveOpen(renewed)
        let facts = try await host.enroll().get()
        #expect(facts.serial == renewed.leaf.serialHex)
        #expect(try File.status(host.lab.layout.bootstrapToken)?.size ?? 0 > 0)
        #expect(host.lab.counters.identities == 0)
        #expect(try host.state.journal.entries() == [])
    }

    @Test func `what was decided before an enrolment is not put over its pair afterwards`() async throws {
        try host.writeIdentity(try identity(lifetime: 3600))
        try leaveOpen(try identity(lifetime: 3601))
        let fresh = try await host.enroll().get()
        let pair = try pair(host)
        try recover()
        #expect(try self.pair(host) == pair)
        #expect(try host.identityChain().leaf.serialHex == fresh.serial)
    }

    @Test func `what can't be finished costs no token`() async throws {
        try leaveOpen(try identity(lifetime: 3601))
        // Neither file nor directory can be put back or forward from here.
        let record = InstallRecord(
            subject: InstallSubject.identity.text,
            files: [
                InstallRecord.File(
                    path: host.state.root.path(of: "identity.crt"), stagedName: ".a", oldName: nil,
                    hadOld: false, sha256: ""
                ),
                InstallRecord.File(
                    path: host.state.root.path(of: "state"), stagedName: ".b", oldName: nil, hadOld: false,
                    sha256: ""),
            ])
        let entry = try InstallJournal(host.state).open(record)
        guard case .failure(let failure) = try await host.enroll() else { throw Missing() }
        #expect(failure.failureClass == .installStuck)
        #expect(failure.detail.contains(InstallJournal(host.state).path(of: entry)), "\(failure.detail)")
        #expect(host.lab.counters.identities == 0)
        #expect(try File.status(host.lab.layout.bootstrapToken)?.size ?? 0 > 0)
    }

    @Test func `an install of a certificate that is named like that is left to the agent`() async throws {
        let record = InstallRecord(
            subject: InstallSubject.identity.text,
            files: [
                InstallRecord.File(
                    path: host.scratch.path("cert.pem"), stagedName: ".a", oldName: nil, hadOld: false,
                    sha256: "")
            ])
        _ = try InstallJournal(host.state).open(record)
        _ = try await host.enroll().get()
        #expect(try InstallJournal(host.state).entries().count == 1)
    }

    @Test func `a renewal beside an enrolment leaves the pair alone, and so does a putting back`()
        async throws
    {
        _ = try await host.enroll().get()
        _ = try await host.renewIdentity().get()
        let before = try pair(host)
        let lock = try host.state.lock(.enrolling)
        guard case .failure(let failure) = try await host.renewIdentity() else { throw Missing() }
        #expect(failure.isTransient)
        #expect(failure.detail.contains("an enrolment is under way") || failure.detail.contains("another"))
        let (hands, broker) = (host.hands(), BrokerAddress(host.settings.broker.url.text))
        let outcome = try await onThread {
            hands.restoreIdentity([broker], in: WorkerContext(), stop: try StopSignal())
        }
        guard case .failed(let refusal) = outcome else { throw Missing() }
        #expect(refusal.isTransient)
        #expect(try pair(host) == before)
        _ = consume lock
        _ = try await host.renewIdentity().get()
        #expect(try pair(host) != before)
    }

    @Test func `a pair that comes while step-ca is asked for a renewal stays`() async throws {
        let (old, fresh) = (try identity(), try identity())
        try host.writeIdentity(old)
        let renewed = try authority.chain(
            authority.template(commonName: host.settings.identity.name, usages: [.clientAuth]),
            for: try old.key().publicKey)
        let body = try String(
            decoding: JSONEncoder().encode([
                "crt": renewed.leaf.pem, "ca": authority.intermediate.certificate.pem,
            ]), as: UTF8.self)
        let it = host
        let server = try ScriptedServer(authority.server()) { _, _ in
            do { try it.writeIdentity(fresh) } catch { return .now(Response(.internalServerError)) }
            return .now(Response(Status(201), text: body))
        }
        try host.scratch.write("other-root.pem", authority.root.certificate.pem)
        var settings = host.settings.identity
        settings.stepCA.url = try HTTPSURL(validating: server.url)
        settings.stepCA.trust = .rootBundle(path: host.scratch.path("other-root.pem"))
        settings.issuerCABundlePath = host.scratch.path("other-root.pem")
        guard case .failure(let failure) = try await host.renewIdentity(settings) else { throw Missing() }
        #expect(failure.stage == .install)
        #expect(failure.isTransient)
        #expect(failure.detail.contains("has been changed meanwhile"), "\(failure.detail)")
        #expect(failure.detail.contains(fresh.leaf.serialHex))
        #expect(try pair(host) == [Array(fresh.chain.pem.utf8), fresh.keyBytes])
        // Asked again, the fresh pair is what is renewed.
        guard case .failure(let next) = try await host.renewIdentity(settings) else { throw Missing() }
        #expect(next.stage != .install, "\(next.detail)")
    }

    @Test func `an open install of the identity is not tried again while another process has the pair`()
        throws
    {
        try host.writeIdentity(try identity())
        try leaveOpen(try identity())
        let journal = InstallJournal(host.state)
        let entry = try required(journal.entries().first)
        let record = InstallRecord(subject: InstallSubject.identity.text, isIdentity: true, files: [])
        let hands = host.hands()
        hands.adopt(stuck: [.stuck(entry, record, because: InstallRecovery.Obstacle(description: "EIO"))])
        let lock = try host.state.lock(.enrolling)
        let before = try pair(host)
        #expect(hands.retryStuckInstalls() == [])
        #expect(try pair(host) == before)
        #expect(journal.holds(entry))
        _ = consume lock
        _ = hands.retryStuckInstalls()
        #expect(!journal.holds(entry))
    }

    @Test func `an entry that another process has finished is stuck no more`() async throws {
        _ = try await host.enroll().get()
        let journal = InstallJournal(host.state)
        let record = InstallRecord(subject: InstallSubject.identity.text, isIdentity: true, files: [])
        let entry = try journal.open(record)
        let hands = host.hands()
        hands.adopt(stuck: [.stuck(entry, record, because: InstallRecovery.Obstacle(description: "EIO"))])
        try journal.close(entry)
        let outcome = try await onThread {
            hands.renewIdentity(in: WorkerContext(), stop: try StopSignal())
        }
        guard case .renewed = outcome else { throw Missing() }
        #expect(!host.capture.lines.contains { $0.contains("can't be finished") })
    }

    @Test func `an enrolment that fails gives up no pair whose volume is away`() async throws {
        let pair = try identity()
        var settings = host.settings
        settings.identity.certificatePath = host.scratch.path("vol/identity.crt")
        settings.identity.keyPath = host.scratch.path("vol/identity.key")
        let root = try Directory.open(host.scratch.path)
        let volume = try root.makeDirectory("vol", mode: 0o700)
        var files: [InstallRecord.File] = []
        for (name, bytes) in [
            ("identity.key", pair.keyBytes), ("identity.crt", Array(pair.chain.pem.utf8)),
        ] {
            let staged = ".certplane-\(host.state.stagingTag)\(name)"
            try volume.createFile(staged, mode: 0o600).writeAll(bytes)
            files.append(
                InstallRecord.File(
                    path: volume.path(of: name), stagedName: staged, oldName: nil, hadOld: false,
                    directory: try volume.status().inode, sha256: SHA256.hex(bytes)))
        }
        let journal = InstallJournal(host.state)
        _ = try journal.open(InstallRecord(subject: "identity", isIdentity: true, files: files))
        try volume.rename(files[0].stagedName, to: "identity.key")
        try root.rename("vol", to: "away")

        var identity = settings.identity
        identity.stepCA.url = try HTTPSURL(validating: "https://127.0.0.1:1")
        guard case .failure = try await host.enroll(identity) else { throw Missing() }
        if try root.status("vol") != nil { try root.rename("vol", to: "mountpoint") }
        try root.rename("away", to: "vol")
        _ = HostRecovery(settings: settings, state: host.state, log: host.log).runAndSweep()
        #expect(try File.read(settings.identity.keyPath, limit: 99_999) == pair.keyBytes)
        #expect(
            try File.status(settings.identity.certificatePath) != nil
                && File.read(settings.identity.certificatePath, limit: 99_999) == Array(pair.chain.pem.utf8))
    }
}
