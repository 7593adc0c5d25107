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
    let stop: StopFlag
    let log: Logger
    /// Tells the engine what the metrics count.
    let told: (BrokerExchange) -> Void

    func order(
        _ request: SigningRequest, for certificate: ManagedCertificate
    ) throws(RenewalFailure) -> UncheckedBundle {
        let usable = try identity.presentable(at: .now)
        let tls = MutualTLS(
            identity: usable.clientIdentity, trust: .anchors(try TrustBundle.read(trustBundle)))
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

    /// - Throws: `broker_tls_failed` when the file can't be read or holds no certificate.
    static func read(
        _ path: String, orThrow failureClass: FailureClass = .brokerTLSFailed
    ) throws(RenewalFailure) -> [UInt8] {
        do {
            let bytes = try File.read(path, limit: longest)
            guard try !Certificate.all(inPEM: bytes).isEmpty else {
                throw RenewalFailure(stage: .order, failureClass, detail: "\(path) holds no certificate")
            }
            return bytes
        } catch let failure as RenewalFailure {
            throw failure
        } catch let error as CertificateError {
            throw RenewalFailure(stage: .order, failureClass, detail: "\(path): \(error)")
        } catch {
            throw RenewalFailure(stage: .order, failureClass, detail: "\(error)")
        }
    }
}
