import FoundationEssentials
import Lifecycle
import Log
import PKI
import POSIX
import TestSupport

@testable import Agent

/// A host in a scratch directory: an authority, one certificate's configuration, a state directory and a log.
struct TestHost {
    static let names = ["a.example.org", "b.example.org"]

    let scratch: ScratchDirectory
    let authority: TestAuthority
    let capture = LogCapture()
    var certificate: ManagedCertificate

    init(combined: Bool = false) throws {
        scratch = try ScratchDirectory()
        authority = try TestAuthority()
        let names = try Self.names.map { try DNSName(validating: $0) }
        certificate = ManagedCertificate(
            name: try CertificateName(validating: "web"), profile: "web",
            dnsNames: try required(DNSNameSet(names)),
            outputs: OutputPaths(
                key: scratch.path("out/key.pem"), cert: scratch.path("out/cert.pem"),
                chain: scratch.path("out/chain.pem"), fullchain: scratch.path("out/fullchain.pem"),
                combined: combined ? scratch.path("out/combined.pem") : nil))
    }

    var now: Date { authority.now }
    var log: Logger { Logger(level: .debug, destination: .capture(capture)) }

    func stateDirectory() throws -> StateDirectory {
        try StateDirectory(path: scratch.path("state"), log: log)
    }

    func journal() throws -> InstallJournal { InstallJournal(try stateDirectory()) }

    /// What the next start does first.
    func recover() throws {
        _ = try InstallRecovery(journal: try journal(), log: log).run()
        let tag = try stateDirectory().stagingTag
        StagingSweep(tag: tag, log: log).sweepBeside([certificate.outputs.key])
    }

    func installer(gate: ReloadGate = ReloadGate(), seam: InstallSeam = .none) throws -> Installer {
        Installer(gate: gate, journal: try journal(), log: log, seam: seam)
    }

    /// What an honest broker answers for that key.
    func bundle(
        for key: PublicKey, names: [String] = TestHost.names, usages: [ExtendedKeyUsage] = [.serverAuth],
        notBefore: Date? = nil, lifetime: Double = 90 * 86_400
    ) throws -> UncheckedBundle {
        let template = authority.template(
            commonName: names.first, dnsNames: names, usages: usages, notBefore: notBefore, lifetime: lifetime
        )
        return UncheckedBundle(try authority.chain(template, for: key))
    }

    /// A bundle that has passed the checks, and its key.
    func issued() throws -> (bundle: IssuedBundle, key: SecretBytes) {
        let key = try PrivateKey.generate(.ecP256)
        let verdict = try judge(try bundle(for: key.publicKey), pendingKey: key.publicKey)
        guard case .issued(let issued) = verdict else { throw Missing() }
        return (issued, try key.pkcs8PEM())
    }

    func judge(
        _ bundle: UncheckedBundle, pendingKey: PublicKey, installedKey: PublicKey? = nil,
        found: FoundCertificate = FoundCertificate(certificate: .missing, key: .missing)
    ) throws(RenewalFailure) -> BundleVerdict {
        try BundleChecks(
            certificate: certificate, pendingKey: pendingKey.spkiSHA256,
            installedKey: installedKey?.spkiSHA256,
            found: found, identityName: "host.example.org", now: now
        ).judge(bundle)
    }

    /// The names in the directory of the outputs, hidden ones included.
    func outputNames() throws -> [String] {
        guard try File.status(scratch.path("out")) != nil else { return [] }
        return try Directory.open(scratch.path("out")).entries()
    }

    /// Every output's content by its name.
    func outputs() throws -> [String: [UInt8]] {
        var contents: [String: [UInt8]] = [:]
        for name in try outputNames() {
            contents[name] = try File.read(scratch.path("out/\(name)"), limit: 1 << 20)
        }
        return contents
    }
}

struct Missing: Error {}

/// The value, or the end of the test.
func required<Value>(_ value: Value?) throws -> Value {
    guard let value else { throw Missing() }
    return value
}

extension UncheckedBundle {
    init(_ chain: CertificateChain) {
        self.init(
            certificatePEM: chain.leaf.pem, chainPEM: chain.intermediates.map(\.pem).joined(),
            fullchainPEM: chain.pem, serialNumber: chain.leaf.serialHex,
            notBefore: chain.leaf.notBefore.formatted(.iso8601),
            notAfter: chain.leaf.notAfter.formatted(.iso8601))
    }
}

extension SecretBytes {
    /// A test has no secrets.
    var bytes: [UInt8] { withBytes { span in span.indices.map { span[$0] } } }
}

func symbolicLink(_ path: String, to target: String) throws {
    try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: target)
}
