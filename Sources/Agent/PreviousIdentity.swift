import Lifecycle
import PKI
import POSIX

/// The identity pair that the newest one replaced, kept in the state directory until a broker has accepted the newest.
///
/// Two files; a pair that a crash has torn does not match, and counts as none.
struct PreviousIdentity: Sendable {
    static let certificateName = "previous-identity.crt"
    static let keyName = "previous-identity.key"

    private let directory: String
    private let files: IdentityFiles

    init(stateDirectory: String, name: String) {
        directory = stateDirectory
        let certificate = stateDirectory + "/" + Self.certificateName
        files = IdentityFiles(
            name: name,
            paths: IdentityFiles.Paths(
                certificate: certificate, key: stateDirectory + "/" + Self.keyName,
                issuerBundle: certificate))
    }

    /// Nil when there is none.
    func read() -> IdentityFiles.Usable? {
        if case .usable(let identity) = files.read() { identity } else { nil }
    }

    func keep(_ identity: IdentityFiles.Usable) throws(SystemError) {
        let directory = try Directory.open(directory)
        let key = try StagedFile.create(in: directory, replacing: Self.keyName, mode: 0o600)
        try identity.keyPEM.withBytes { (bytes) throws(SystemError) in try key.write(bytes) }
        try key.synchronize()
        try key.commit()
        try AtomicFile.replace(
            in: directory, name: Self.certificateName, with: Array(identity.chain.pem.utf8), mode: 0o600)
    }

    func forget() throws(SystemError) {
        let directory = try Directory.open(directory)
        let hadCertificate = try directory.unlinkIfPresent(Self.certificateName)
        let hadKey = try directory.unlinkIfPresent(Self.keyName)
        if hadCertificate || hadKey { try directory.synchronize() }
    }
}
