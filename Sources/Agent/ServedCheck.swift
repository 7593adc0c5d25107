import Lifecycle
import PKI
import POSIX

/// Looks at the leaf that a service shows, and compares it with the one on disk.
///
/// A service goes on serving its old certificate for a moment after its reload has returned, so a difference counts
/// only after the plan's patience.
struct ServedCheck {
    private static let pause: Duration = .milliseconds(100)

    let plan: VerifyPlan
    let stop: Bell

    func run() -> ServedObservation {
        let judgedAt = Clock.boottime() + plan.patience
        while true {
            let seen = look()
            let next = Clock.boottime() + Self.pause
            if seen == .matches || seen == .stopped || next >= judgedAt { return seen }
            if stop.waitUnheard(until: next) == .rung { return .stopped }
        }
    }

    private func look() -> ServedObservation {
        guard let endpoint = ServiceEndpoint(plan.target.address) else {
            return .unreachable("\(plan.target.address) is no address")
        }
        let probe = ServedProbe(
            endpoint: endpoint, serverName: plan.target.serverName ?? endpoint.indicatedName, stop: stop)
        var last = ""
        for approach in approaches(to: endpoint) {
            do throws(ServedProbe.Failure) {
                let shown = try probe.shownCertificate(by: approach)
                return shown.sha256 == plan.sha256 ? .matches : .differs(serial: shown.serialHex)
            } catch {
                switch error {
                case .stopped: return .stopped
                case .unreachable(let reason): return .unreachable(reason)
                case .nothingShown(let reason): last = reason
                }
            }
        }
        return .unreachable(last)
    }

    /// The kind of key is asked for first, for services that have certificates of several kinds; then whatever they
    /// have, which tells a wrong kind from none.
    private func approaches(to endpoint: ServiceEndpoint) -> [ServedProbe.Approach] {
        let kinds: [TLSProbe.KeyKind?] = plan.keyType.map { [$0.probeKind, nil] } ?? [nil]
        let negotiations = endpoint.port == ServiceEndpoint.postgreSQLPort ? [true, false] : [false, true]
        return negotiations.flatMap { negotiates in
            kinds.map { ServedProbe.Approach(keyKind: $0, negotiatesPostgreSQL: negotiates) }
        }
    }
}

extension KeyType {
    fileprivate var probeKind: TLSProbe.KeyKind {
        switch self {
        case .ecP256, .ecP384: .elliptic
        case .rsa2048, .rsa3072, .rsa4096: .rsa
        }
    }
}
