import FoundationEssentials
import Lifecycle
import PKI
import POSIX
import TestSupport
import Testing

@testable import Agent

@Suite struct IdentityFilesTests {
    private let name = "host.example.org"
    let host: TestHost
    let files: IdentityFiles
    let identity: TestIdentity

    init() throws {
        host = try TestHost()
        identity = try host.authority.client(name)
        files = IdentityFiles(
            name: name,
            paths: IdentityFiles.Paths(
                certificate: host.scratch.path("id.pem"), key: host.scratch.path("id.key"),
                issuerBundle: host.scratch.path("ca.pem"), bootstrapToken: host.scratch.path("token")))
        let issuers = [host.authority.root.certificate, host.authority.intermediate.certificate]
        try host.scratch.write("ca.pem", issuers.map(\.pem).joined())
    }

    private func write(_ identity: TestIdentity, leafOnly: Bool = false) throws {
        try host.scratch.write("id.pem", leafOnly ? identity.leaf.pem : identity.chain.pem)
        try host.scratch.write("id.key", String(decoding: identity.keyBytes, as: UTF8.self), mode: 0o600)
    }

    private func whyUnusable() -> String? {
        if case .unusable(let reason) = files.look().pair { reason } else { nil }
    }

    @Test func `a pair is present with its facts`() throws {
        try write(identity)
        guard case .present(let facts) = files.look().pair else { throw Missing() }
        #expect(facts.name == name)
        #expect(facts.serial == identity.leaf.serialHex)
        #expect(facts.notAfter == identity.leaf.notAfter)
        #expect(try files.presentable(at: host.now).chain == identity.chain)
    }

    @Test func `a leaf stored alone is presented with its intermediate, and without the root`() throws {
        try write(identity, leafOnly: true)
        #expect(try files.presentable(at: host.now).chain == identity.chain)
    }

    @Test func `a missing pair, and a missing key, are told apart`() throws {
        #expect(files.look() == FoundIdentity(pair: .missing))
        let failure = #expect(throws: RenewalFailure.self) { _ = try files.presentable(at: host.now) }
        #expect(failure?.failureClass == .notEnrolled)
        try write(identity)
        try host.scratch.open().unlink("id.key")
        #expect(whyUnusable()?.contains("id.key is missing") == true)
    }

    @Test func `each fault of the pair is named`() throws {
        let other = try host.authority.client("other.example.org")
        try write(other)
        #expect(whyUnusable()?.contains("other.example.org") == true)
        try write(identity)
        try host.scratch.write("id.key", String(decoding: other.keyBytes, as: UTF8.self), mode: 0o600)
        #expect(whyUnusable()?.contains("is not the key of") == true)
        try host.scratch.write("id.key", "torn", mode: 0o600)
        #expect(whyUnusable()?.contains("id.key") == true)
        try host.scratch.write("id.pem", "torn")
        #expect(whyUnusable()?.contains("id.pem") == true)
        let failure = #expect(throws: RenewalFailure.self) { _ = try files.presentable(at: host.now) }
        #expect(failure?.failureClass == .identityUnusable)
    }

    /// Too many open files, for a moment: no file changes when that is over.
    @Test(arguments: ["id.pem", "id.key", "ca.pem"])
    func `what could not be read once is read again`(file: String) throws {
        try write(identity, leafOnly: true)
        let faulty = Lock<String?>(host.scratch.path(file))
        let files = IdentityFiles(name: name, paths: files.paths) { (path) throws(SystemError) in
            if faulty.withLock({ $0 }) == path { throw SystemError("open", path, .tooManyOpenFiles) }
            return try File.read(path, limit: 1 << 20)
        }
        #expect((try? files.presentable(at: host.now).chain) != identity.chain)
        faulty.withLock { $0 = nil }
        #expect(try files.presentable(at: host.now).chain == identity.chain)
    }

    @Test func `an expired identity is present, but nothing to present`() throws {
        let old = try host.authority.identity(
            host.authority.template(
                commonName: name, usages: [.clientAuth], notBefore: host.now - 7200, lifetime: 3600))
        try write(old)
        guard case .present = files.look().pair else { throw Missing() }
        let failure = #expect(throws: RenewalFailure.self) { _ = try files.presentable(at: host.now) }
        #expect(failure?.failureClass == .identityExpired)
    }

    @Test func `a new pair is seen at the next look`() throws {
        try write(identity)
        _ = files.look()
        let next = try host.authority.client(name)
        try write(next)
        guard case .present(let facts) = files.look().pair else { throw Missing() }
        #expect(facts.serial == next.leaf.serialHex)
    }

    @Test func `a bootstrap token is seen, an empty one is none`() throws {
        #expect(!files.look().hasBootstrapToken)
        try host.scratch.write("token", "")
        #expect(!files.look().hasBootstrapToken)
        try host.scratch.write("token", "header.claims.signature\n")
        #expect(files.look().hasBootstrapToken)
    }
}
