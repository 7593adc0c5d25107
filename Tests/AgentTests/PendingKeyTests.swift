import Glibc
import Lifecycle
import Log
import PKI
import POSIX
import TestSupport
import Testing

@testable import Agent

@Suite struct PendingKeyTests {
    var host: TestHost
    let directory: StateDirectory
    let store: PendingKeyStore
    private let nothing = FoundCertificate(certificate: .missing, key: .missing)

    init() throws {
        host = try TestHost()
        directory = try host.stateDirectory()
        store = PendingKeyStore(directory: directory, log: host.log)
    }

    /// Takes a key and says what matters of it.
    private func take(
        _ certificate: ManagedCertificate? = nil, found: FoundCertificate? = nil, rotating: Bool = true
    ) throws -> (origin: PendingKey.Origin, spki: String, pem: SecretBytes) {
        let key = try store.take(
            for: certificate ?? host.certificate, found: found ?? nothing, rotating: rotating)
        return (key.origin, key.spkiSHA256, key.pem)
    }

    private func storedFiles() throws -> [String] { try directory.pendingKeys.entries() }

    @Test func `a new key is on the disk, for the agent only, before it is used`() throws {
        let taken = try take()
        #expect(taken.origin == .made)
        #expect(try storedFiles() == ["web.key"])
        let path = host.scratch.path("state/pending/web.key")
        #expect(try required(File.status(path)).mode == 0o600)
        #expect(try File.read(path, limit: 1 << 16) == taken.pem.bytes)
    }

    @Test func `the key waits through retries and restarts until its certificate is installed`() throws {
        let first = try take()
        #expect(try take().spki == first.spki)
        let restarted = PendingKeyStore(directory: try host.stateDirectory(), log: host.log)
        let again = try restarted.take(for: host.certificate, found: nothing, rotating: true)
        #expect(again.origin == .waiting)
        #expect(again.spkiSHA256 == first.spki)
        store.installed(host.certificate.name)
        #expect(try storedFiles() == [])
        #expect(try take().spki != first.spki)
    }

    @Test func `the key of an earlier name is taken over, unless there is one already`() throws {
        let first = try take()
        let names = try ["gone", "web"].map { try CertificateName(validating: $0) }
        var renamed = host.certificate
        renamed.name = try CertificateName(validating: "site")
        try store.takeOver(from: names, by: renamed.name)
        #expect(try storedFiles() == ["site.key"])
        #expect(try take(renamed).spki == first.spki)
        let second = try take()
        try store.takeOver(from: names, by: renamed.name)
        #expect(try take(renamed).spki == first.spki)
        #expect(try take().spki == second.spki)
    }

    @Test func `a retired key is not taken again`() throws {
        let first = try take()
        try store.retire(host.certificate.name)
        let second = try take()
        #expect(second.origin == .made)
        #expect(second.spki != first.spki)
    }

    @Test func `every key type is made as asked`() throws {
        for type in KeyType.allCases where type != .rsa4096 && type != .rsa3072 {
            var certificate = host.certificate
            certificate.name = try CertificateName(validating: type.rawValue)
            certificate.keyType = type
            #expect(try PrivateKey(pem: take(certificate).pem).algorithm == type.algorithm)
        }
    }

    @Test func `a waiting key of another type is replaced`() throws {
        let first = try take()
        var certificate = host.certificate
        certificate.keyType = .ecP384
        let second = try take(certificate)
        #expect(second.origin == .made)
        #expect(second.spki != first.spki)
        #expect(try storedFiles() == ["web.key"])
    }

    @Test(arguments: ["", "no key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"])
    func `a damaged waiting key is set aside and told`(damage: String) throws {
        try host.scratch.write("state/pending/web.key", damage, mode: 0o600)
        #expect(try take().origin == .made)
        let files = try storedFiles()
        #expect(files.count == 2)
        #expect(files.contains { $0.hasPrefix("web.key.damaged-") })
        #expect(host.capture.lines.contains { $0.contains("pending key is damaged") })
    }

    @Test func `a waiting key that is installed already is not taken again`() throws {
        let first = try take()
        let key = try PrivateKey(pem: first.pem)
        let leaf = try Certificate(pem: Array(host.bundle(for: key.publicKey).certificatePEM.utf8))
        let found = FoundCertificate(certificate: .installed(InstalledCertificate(leaf)), key: .matches)
        #expect(try take(found: found).spki != first.spki)
    }

    private func writeKeyFile(_ key: borrowing PrivateKey, mode: FileMode = 0o600) throws {
        try host.scratch.write(
            "out/key.pem", String(decoding: try key.pkcs8PEM().bytes, as: UTF8.self), mode: mode)
    }

    @Test func `a key file without a certificate is taken over, and stays as it is`() throws {
        let key = try PrivateKey.generate(.ecP256)
        try writeKeyFile(key)
        let taken = try take(found: FoundCertificate(certificate: .missing, key: .mismatch))
        #expect(taken.origin == .adopted)
        #expect(taken.spki == key.publicKey.spkiSHA256)
        #expect(try storedFiles() == ["web.key"])
        // The copy holds although the file changes meanwhile.
        try host.scratch.write("out/key.pem", "gone", mode: 0o600)
        #expect(try take(found: nothing).spki == taken.spki)
    }

    @Test func `a key file of another type, or beside a certificate, is not taken over`() throws {
        let key = try PrivateKey.generate(.ecP384)
        try writeKeyFile(key)
        #expect(try take(found: FoundCertificate(certificate: .missing, key: .mismatch)).origin == .made)
        try store.retire(host.certificate.name)
        try writeKeyFile(try PrivateKey.generate(.ecP256))
        let beside = FoundCertificate(certificate: .unreadable("torn"), key: .mismatch)
        #expect(try take(found: beside).origin == .made)
    }

    @Test func `a key that others can read is not taken over, and the log says why`() throws {
        try writeKeyFile(try PrivateKey.generate(.ecP256), mode: 0o644)
        #expect(try take(found: FoundCertificate(certificate: .missing, key: .mismatch)).origin == .made)
        #expect(host.capture.lines.contains { $0.contains("not taken over") })
    }

    @Test(.enabled(if: ProcessFacts.userID == 0))
    func `a key in another user's directory is not taken over`() throws {
        try writeKeyFile(try PrivateKey.generate(.ecP256))
        try Directory.open(host.scratch.path("out")).descriptor.setOwner(54_321, group: 54_321)
        #expect(try take(found: FoundCertificate(certificate: .missing, key: .mismatch)).origin == .made)
    }

    @Test func `without rotation the installed key is taken, in the forms upstream writes too`() throws {
        let key = try PrivateKey.generate(.ecP256)
        try writeKeyFile(key)
        let taken = try take(rotating: false)
        #expect(taken.origin == .installed)
        #expect(taken.spki == key.publicKey.spkiSHA256)
        #expect(try storedFiles() == [])
    }

    @Test func `without rotation but without a fitting key a new one is made`() throws {
        #expect(try take(rotating: false).origin == .made)
        try writeKeyFile(try PrivateKey.generate(.ecP384))
        #expect(try take(rotating: false).origin == .waiting)
    }

    @Test(arguments: ["missing", "unreadable"])
    func `without rotation the installed key stays beside no certificate, or a torn one`(what: String) throws
    {
        let key = try PrivateKey.generate(.ecP256)
        // Not one that would be adopted.
        try writeKeyFile(key, mode: 0o644)
        let certificate: FoundLeaf = what == "missing" ? .missing : .unreadable("torn")
        let taken = try take(
            found: FoundCertificate(certificate: certificate, key: .mismatch), rotating: false)
        #expect(taken.origin == .installed)
        #expect(taken.spki == key.publicKey.spkiSHA256)
    }

    @Test(.enabled(if: ProcessFacts.userID == 0))
    func `without rotation a key that somebody may have planted is not kept, and the log says why`() throws {
        typealias Owned = (owner: UserID, group: GroupID, mode: FileMode)
        let cases: [(directory: Owned, file: Owned, isKept: Bool)] = [
            ((0, 0, 0o755), (54_321, 54_321, 0o644), true),
            ((0, 5, 0o770), (54_321, 5, 0o600), false),
            ((0, 5, 0o770), (0, 5, 0o640), true),
            ((0, 5, 0o770), (0, 6, 0o640), false),
            ((0, 5, 0o770), (0, 0, 0o600), true),
            ((0, 5, 0o777), (0, 5, 0o640), false),
            ((54_321, 5, 0o770), (54_321, 5, 0o640), true),
            ((54_321, 5, 0o755), (54_322, 5, 0o600), false),
        ]
        for (number, (directory, file, isKept)) in cases.enumerated() {
            let out = try Directory.make(host.scratch.path("out"), mode: 0o755)
            try out.descriptor.setOwner(0, group: 0)
            try out.descriptor.setMode(0o755)
            try out.unlinkIfPresent("key.pem")
            try writeKeyFile(try PrivateKey.generate(.ecP256), mode: file.mode)
            try out.openFile("key.pem").setOwner(file.owner, group: file.group)
            try out.descriptor.setOwner(directory.owner, group: directory.group)
            try out.descriptor.setMode(directory.mode)
            try store.retire(host.certificate.name)
            let warnings = host.capture.lines.count
            #expect(try (take(rotating: false).origin == .installed) == isKept, "case \(number)")
            #expect((host.capture.lines.count > warnings) == !isKept, "case \(number)")
        }
    }

    @Test func `without rotation a key file that can't be read fails the attempt, and stays`() throws {
        try host.scratch.write("out/key.pem/x", "it is a directory")
        let failure = #expect(throws: RenewalFailure.self) { try take(rotating: false) }
        #expect(failure?.stage == .key)
        #expect(failure?.isTransient == true)
        #expect(try storedFiles() == [])
        // With rotation it is no more than what the install has to replace.
        #expect(try take().origin == .made)
    }

    @Test func `without rotation what is no key is replaced`() throws {
        try host.scratch.write("out/key.pem", "", mode: 0o600)
        #expect(try take(rotating: false).origin == .made)
    }

    @Test func `without rotation what is too large for a key is none`() throws {
        try host.scratch.write("out/key.pem", String(repeating: "x", count: 2 << 20), mode: 0o600)
        #expect(try take(rotating: false).origin == .made)
    }

    /// In a process of its own: the limit of descriptors is everybody's.
    @Test(arguments: [true, false])
    func `a service's key that can't be read for want of descriptors is not replaced`(rotating: Bool) async {
        await #expect(processExitsWith: .success) { [rotating] in
            let tests = try PendingKeyTests()
            let key = try PrivateKey.generate(.ecP256)
            try tests.writeKeyFile(key)
            // The directory of pending keys is open already; a file in it takes the last descriptor.
            let limit = try File.open(tests.host.scratch.path("out/key.pem")).rawValue + 1
            var before = rlimit()
            guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &before) == 0 else { exit(2) }
            var few = rlimit(rlim_cur: rlim_t(limit), rlim_max: before.rlim_max)
            guard unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &few) == 0 else { exit(2) }
            do {
                _ = try tests.take(rotating: rotating)
                exit(3)
            } catch let failure as RenewalFailure {
                guard failure.stage == .key, failure.isTransient else { exit(4) }
            }
            guard unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &before) == 0 else { exit(2) }
            let again = try tests.take(rotating: rotating)
            guard again.origin == (rotating ? .adopted : .installed) else { exit(5) }
            guard again.spki == key.publicKey.spkiSHA256 else { exit(6) }
        }
    }

    @Test func `a state directory that takes no file fails the key stage`() throws {
        try Directory.open(host.scratch.path("state")).removeDirectory("pending")
        let failure = #expect(throws: RenewalFailure.self) { try take() }
        #expect(failure?.stage == .key)
        #expect(failure?.failureClass == .stateDirectoryFailed)
    }

    /// In a process of its own: the limit of descriptors is everybody's.
    @Test func `a key that can't be read for want of descriptors goes on waiting`() async {
        await #expect(processExitsWith: .success) {
            let tests = try PendingKeyTests()
            let first = try tests.take()
            var before = rlimit()
            guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &before) == 0 else { exit(2) }
            var none = rlimit(rlim_cur: 0, rlim_max: before.rlim_max)
            guard unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &none) == 0 else { exit(2) }
            do {
                _ = try tests.take()
                exit(3)
            } catch let failure as RenewalFailure {
                guard failure.failureClass == .stateDirectoryFailed, failure.isTransient else { exit(4) }
            }
            guard unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &before) == 0 else { exit(2) }
            let again = try tests.take()
            guard again.origin == .waiting, again.spki == first.spki else { exit(5) }
        }
    }
}
