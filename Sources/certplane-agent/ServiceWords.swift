import FoundationEssentials
import Lifecycle
import Notation

/// The state of the agent in one line, for `systemctl status`: what is wrong first, then what comes next.
enum ServiceWords {
    static func text(of snapshot: Snapshot, apiTrouble: String?) -> String {
        if snapshot.agent.stopping { return "Stopping: work under way gets a moment to finish" }
        guard snapshot.agent.hasEvaluated else {
            return "Starting: looking at the certificates and their files"
        }
        var parts = [identity(snapshot.identity), certificates(snapshot.certificates)].compactMap(\.self)
        if !snapshot.agent.lastReloadSucceeded {
            parts.append("the changed configuration was refused, the one before is in force")
        }
        if let apiTrouble { parts.append("the local API \(apiTrouble)") }
        let line = parts.joined(separator: "; ")
        return line.prefix(1).uppercased() + line.dropFirst()
    }

    private static func identity(_ identity: IdentityStatus) -> String? {
        switch identity.state {
        case .notEnrolled: "not enrolled, waiting for an identity or a bootstrap token"
        case .unusable: "the identity can't be used: \(identity.problem ?? "its files are damaged")"
        case .expired: "the identity has expired"
        case .expiring where identity.consecutiveFailures > 0:
            identity.facts.map { "the identity's renewal fails, it ends \($0.notAfter.rfc3339)" }
        case .expiring, .valid, .unknown: nil
        }
    }

    private static func certificates(_ certificates: CertificateList) -> String {
        // By index: a loop over the values would copy each of them whole.
        let bad = certificates.indices.filter { certificates[$0].state != .valid }
            .map { certificates[$0] }
        let all = certificates.count == 1 ? "1 certificate" : "\(certificates.count) certificates"
        guard let worst = bad.min(by: { $0.state.gravity < $1.state.gravity }) else {
            let next = certificates.indices.min {
                (certificates[$0].nextRenewalAt ?? .distantFuture)
                    < (certificates[$1].nextRenewalAt ?? .distantFuture)
            }
            let renewal = next.flatMap { next in
                certificates[next].nextRenewalAt.map {
                    let name = Printable.line(certificates[next].name.text, limit: 80)
                    return "next renewal \($0.rfc3339) (\(name))"
                }
            }
            return "\(all) in order" + (renewal.map { ", \($0)" } ?? "")
        }
        let counts = CertificateState.allCases.compactMap { state -> String? in
            let count = bad.count { $0.state == state }
            return count == 0 ? nil : "\(count) \(state.words)"
        }
        let example =
            "\(Printable.line(worst.name.text, limit: 80)): \(Printable.line(worst.why, limit: 160))"
        return
            "\(all): \(certificates.count - bad.count) in order, \(counts.joined(separator: ", ")) (\(example))"
    }
}

extension CertificateState {
    /// The state as people say it.
    fileprivate var words: String { rawValue.split(separator: "_").joined(separator: " ") }

    /// Which of several to speak of: the least first.
    fileprivate var gravity: Int {
        switch self {
        case .expired: 0
        case .missing: 1
        case .failing: 2
        case .reloadPending: 3
        case .waiting: 4
        case .expiring: 5
        case .renewing: 6
        case .unknown: 7
        case .valid: 8
        }
    }
}
