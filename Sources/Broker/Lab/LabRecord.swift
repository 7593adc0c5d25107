import Log
import PKI
import POSIX

/// Counts what the lab does and writes a line for each of it. The messages do not change between releases: tests
/// and people look for them.
final class LabRecord: Sendable {
    private let log: Logger
    private let kept = Lock(LabCounters())
    private let requests = Lock(0)

    init(_ log: Logger) {
        self.log = log
    }

    var counters: LabCounters { kept.withLock { $0 } }

    /// For `X-Request-Id`: unique in this lab's log.
    func nextRequestID() -> String {
        let number = requests.withLock { number in
            number += 1
            return number
        }
        return "lab-\(number)"
    }
}

// MARK: Service certificates

extension LabRecord {
    func issued(_ bundle: IssuedBundle, _ order: CertificateOrder) {
        kept.withLock { $0.ordersByProfile[order.profileName, default: 0] += 1 }
        log.info("order issued", Self.attributes(order) + Self.attributes(bundle) + ["cache": "miss"])
    }

    func cacheHit(_ bundle: IssuedBundle, _ order: CertificateOrder) {
        kept.withLock { $0.cacheHits += 1 }
        log.info("cache hit", Self.attributes(order) + Self.attributes(bundle) + ["cache": "hit"])
    }

    func joined(_ order: CertificateOrder) {
        kept.withLock { $0.joined += 1 }
        log.info("order joined", Self.attributes(order))
    }

    func orderFailed(_ why: String, _ order: CertificateOrder) {
        kept.withLock { $0.failedOrders += 1 }
        log.error("order failed", Self.attributes(order) + ["error": .string(why)])
    }

    func struck(_ fault: LabFault, _ order: CertificateOrder) {
        kept.withLock { $0.faults += 1 }
        log.info("fault", Self.attributes(order) + ["fault": .string(fault.name)])
    }

    func refused(_ refusal: OrderRefusal, _ order: CertificateOrder) {
        count(refusal)
        log.info("refused", Self.attributes(refusal) + Self.attributes(order))
    }

    func refused(_ refusal: OrderRefusal, identity: String?) {
        count(refusal)
        log.info("refused", Self.attributes(refusal) + ["identity": .string(identity ?? "")])
    }

    func faultsFileProblem(_ problem: FaultSpecProblem) {
        log.warn("faults file", ["error": .string(problem.description)])
    }

    private func count(_ refusal: OrderRefusal) {
        kept.withLock { $0.refusalsByStatus[refusal.status, default: 0] += 1 }
    }

    private static func attributes(_ order: CertificateOrder) -> LogAttributes {
        [
            "identity": .string(order.identity), "profile": .string(order.profileName),
            "key": .string(order.request.publicKey.spkiSHA256),
        ]
    }

    private static func attributes(_ bundle: IssuedBundle) -> LogAttributes {
        ["serial": .string(bundle.serialHex), "not_after": .date(bundle.notAfter)]
    }

    private static func attributes(_ refusal: OrderRefusal) -> LogAttributes {
        ["status": .int(refusal.status), "error": .string(refusal.text)]
    }
}

// MARK: Identities

extension LabRecord {
    func identityIssued(call: String, _ leaf: Certificate) {
        kept.withLock { $0.identities += 1 }
        log.info(
            "identity issued",
            [
                "call": .string(call), "identity": .string(leaf.subjectCommonName ?? ""),
                "serial": .string(leaf.serialHex), "key": .string(leaf.spkiSHA256),
                "not_after": .date(leaf.notAfter),
            ])
    }

    func identityRefused(call: String, _ refusal: IdentityAuthority.Refusal) {
        kept.withLock { $0.identityRefusalsByStatus[refusal.status, default: 0] += 1 }
        log.info(
            "identity refused",
            ["call": .string(call), "status": .int(refusal.status), "error": .string(refusal.detail)])
    }
}

// MARK: The lab itself

extension LabRecord {
    /// A client of the broker's has connected anew.
    func secured() {
        let count = kept.withLock { kept in
            kept.handshakes += 1
            return kept.handshakes
        }
        log.info("handshake finished", ["handshakes": .int(count)])
    }

    func tokenWritten(_ path: String, identity: String) {
        log.info("bootstrap token written", ["identity": .string(identity), "path": .string(path)])
    }

    func policyLoaded(_ path: String) {
        log.info("policy loaded", ["path": .string(path)])
    }

    func serverFailed(_ name: String, _ error: SystemError) {
        log.error("server failed", ["server": .string(name), "error": .string(error.description)])
    }

    func signalFailed(_ what: String) {
        log.error("lab request failed", ["error": .string(what)])
    }
}
