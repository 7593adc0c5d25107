import FoundationEssentials
import Lifecycle
import Notation
import PKI
import POSIX
import Transfer

/// The machine's identity as it lies on disk: read again whenever one of its files changes.
///
/// A problem is a state with its reason (``FoundIdentity``), never an error: the agent lives without an
/// identity and watches for one.
final class IdentityFiles: Sendable {
    struct Paths: Equatable, Sendable {
        var certificate: String
        var key: String
        /// The certificates of the authority that issues identities.
        var issuerBundle: String
        var bootstrapToken: String?

        init(certificate: String, key: String, issuerBundle: String, bootstrapToken: String? = nil) {
            self.certificate = certificate
            self.key = key
            self.issuerBundle = issuerBundle
            self.bootstrapToken = bootstrapToken
        }
    }

    /// An identity that can be presented.
    struct Usable: Sendable {
        let facts: IdentityFacts
        /// Leaf and intermediates.
        let chain: CertificateChain
        let keyPEM: SecretBytes

        /// What a handshake presents.
        var clientIdentity: ClientIdentity {
            keyPEM.withBytes { key in
                ClientIdentity(certificateChain: Array(chain.pem.utf8), privateKey: key)
            }
        }
    }

    /// The last reading and the files' state before it.
    private struct Memory: Sendable {
        let fingerprints: [FileFingerprint]
        let reading: Reading
    }

    enum Reading: Sendable {
        case missing
        case unusable(String)
        case usable(Usable)

        /// Tells one usable pair from another.
        var leaf: Certificate? {
            if case .usable(let identity) = self { identity.chain.leaf } else { nil }
        }
    }

    typealias Read = @Sendable (_ path: String) throws(SystemError) -> [UInt8]

    private let name: String
    let paths: Paths
    private let content: Read
    private let memory = Lock<Memory?>(nil)

    /// - Parameter name: the configured one, which the certificate's common name must equal.
    /// - Parameter content: reads a file; a test plays a broken disk here.
    init(
        name: String, paths: Paths,
        content: @escaping Read = { (path) throws(SystemError) in try File.read(path, limit: 1 << 20) }
    ) {
        self.name = name
        self.paths = paths
        self.content = content
    }

    func look() -> FoundIdentity {
        let pair: FoundIdentityPair =
            switch read() {
            case .missing: .missing
            case .unusable(let reason): .unusable(reason)
            case .usable(let identity): .present(identity.facts)
            }
        return FoundIdentity(pair: pair, hasBootstrapToken: hasBootstrapToken)
    }

    /// The identity to present in an order now, or why there is none that could be.
    func presentable(at now: Date) throws(RenewalFailure) -> Usable {
        switch read() {
        case .missing:
            throw RenewalFailure(
                stage: .order, .notEnrolled, detail: "there is no identity at \(paths.certificate)")
        case .unusable(let reason):
            throw RenewalFailure(stage: .order, .identityUnusable, detail: reason)
        case .usable(let identity):
            guard identity.chain.leaf.notAfter >= now else {
                throw RenewalFailure(
                    stage: .order, .identityExpired,
                    detail: "the identity expired at \(identity.facts.notAfter.rfc3339)")
            }
            return identity
        }
    }

    /// The identity as it is on disk now, valid or expired.
    func read() -> Reading {
        // Before the files are read: a change in between shows at the next look.
        let fingerprints = [paths.certificate, paths.key, paths.issuerBundle].map(FileFingerprint.init(of:))
        if let remembered = memory.withLock({ $0 }), remembered.fingerprints == fingerprints {
            return remembered.reading
        }
        let (reading, lasts) = IdentityReading(name: name, paths: paths, read: content).result
        memory.withLock { $0 = lasts ? Memory(fingerprints: fingerprints, reading: reading) : nil }
        return reading
    }

    private var hasBootstrapToken: Bool {
        guard let path = paths.bootstrapToken else { return false }
        // A token that can't be looked at is none that could be used.
        guard let status = try? File.status(path) else { return false }
        return status.kind == .regular && status.size > 0
    }
}
