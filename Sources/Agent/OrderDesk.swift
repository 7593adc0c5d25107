import FoundationEssentials
import Lifecycle
import Log
import PKI
import POSIX
import Transfer

/// Takes a signing request to the broker under the machine's identity, as it is on disk at that moment.
struct OrderDesk {
    let broker: BrokerClient
    let identity: IdentityFiles
    /// PEM file of the authorities that may vouch for the broker.
    let trustBundle: String
    let identityName: String
    let session: Session
    let clock: JudgedClock
    let stop: StopFlag
    let log: Logger
    /// Tells the engine what the metrics count.
    let told: (BrokerExchange) -> Void

    func order(
        _ request: SigningRequest, for certificate: ManagedCertificate
    ) throws(RenewalFailure) -> UncheckedBundle {
        let usable = try identity.presentable(at: clock.now)
        let tls = MutualTLS(
            identity: usable.clientIdentity, trust: .anchors(try TrustBundle.read(trustBundle)),
            verifiedAt: clock.verification)
        log.info(
            "requesting certificate",
            [
                "certificate": .string(certificate.name.text), "profile": .string(certificate.profile),
                "csr_sha256": .string(SHA256.hex(Array(request.pem.utf8))),
            ])
        let ordered = broker.order(
            profile: certificate.profile, signingRequestPEM: request.pem, tls: tls, session: session,
            stop: stop)
        told(ordered.exchange)
        return try ordered.result.get()
    }
}

/// Certificates of the authorities that are trusted for one purpose, read anew for each use so that a replaced file
/// counts at once.
enum TrustBundle {
    private static let longest = 4 << 20

    /// The file's bytes.
    ///
    /// - Throws: `broker_tls_failed`, unless told otherwise, when the file can't be read or holds no certificate.
    static func read(
        _ path: String, orThrow failureClass: FailureClass = .brokerTLSFailed
    ) throws(RenewalFailure) -> [UInt8] {
        try contents(path, failureClass).bytes
    }

    /// The file's certificates; throws like `read`.
    static func certificates(
        _ path: String, orThrow failureClass: FailureClass = .brokerTLSFailed
    ) throws(RenewalFailure) -> [Certificate] {
        try contents(path, failureClass).certificates
    }

    private static func contents(
        _ path: String, _ failureClass: FailureClass
    ) throws(RenewalFailure) -> (bytes: [UInt8], certificates: [Certificate]) {
        let bytes: [UInt8]
        do { bytes = try File.read(path, limit: longest) } catch {
            throw RenewalFailure(stage: .order, failureClass, detail: "\(error)")
        }
        do { return (bytes, try Certificate.all(inPEM: bytes)) } catch {
            throw RenewalFailure(stage: .order, failureClass, detail: "\(path): \(error)")
        }
    }
}
