import FoundationEssentials
import Lifecycle

/// The checks behind `/readyz`.
enum Readiness {
    enum State: String, Sendable, Comparable {
        case ok
        /// Something fails, and what is there still works.
        case degraded
        case failed

        private var severity: Int {
            switch self {
            case .ok: 0
            case .degraded: 1
            case .failed: 2
            }
        }

        static func < (left: State, right: State) -> Bool { left.severity < right.severity }
    }

    struct Check: Sendable {
        let name: String
        var certificate: CertificateName?
        let state: State
        /// Since when it is so, as far as that is known.
        var since: Date?
        var detail: String?
    }

    /// What all certificates stand on, judged at one moment.
    static func checks(of snapshot: Snapshot, at now: Date) -> [Check] {
        [
            configuration(snapshot.agent), state(snapshot.agent), identity(snapshot.identity, now),
            clock(snapshot.clock),
        ]
    }

    /// One certificate and its service, judged at one moment.
    static func checks(of status: CertificateStatus, at now: Date) -> [Check] {
        let certificate = certificate(status, now)
        let reload = status.reload.isConfigured ? [reload(status, now)] : []
        return [certificate] + reload + (status.served.map { [served($0, status.name)] } ?? [])
    }

    private static func configuration(_ agent: AgentFacts) -> Check {
        if agent.lastReloadSucceeded {
            return Check(name: "configuration", state: .ok, since: agent.configLoadedAt)
        }
        return Check(
            name: "configuration", state: .degraded,
            detail: "the configuration file was refused at the last reload; the one before is in force")
    }

    private static func state(_ agent: AgentFacts) -> Check {
        if let unread = agent.unreadJournal {
            return Check(
                name: "state", state: .degraded, since: unread.since,
                detail: "nothing is installed before the install journal can be read: \(unread.detail). "
                    + FailureClass.stateDirectoryFailed.advice)
        }
        guard let unstored = agent.unstored else { return Check(name: "state", state: .ok) }
        return Check(
            name: "state", state: .degraded, since: unstored.since,
            detail: "records that can't be stored, and that a restart would lose: \(unstored.count). "
                + "\(unstored.detail). \(FailureClass.stateDirectoryFailed.advice)")
    }

    private static func identity(_ identity: IdentityStatus, _ now: Date) -> Check {
        if let end = identity.facts?.notAfter, end <= now {
            return Check(
                name: "identity", state: .failed, since: end, detail: IdentityState.expired.rawValue)
        }
        guard identity.state.isUsable else {
            return Check(name: "identity", state: .failed, detail: identity.state.rawValue)
        }
        guard let error = identity.lastError, identity.consecutiveFailures > 0 else {
            return Check(name: "identity", state: .ok, since: identity.facts?.notBefore)
        }
        return Check(name: "identity", state: .degraded, since: error.at, detail: "its renewal fails")
    }

    private static func clock(_ clock: ClockStatus) -> Check {
        guard let advice = clock.state.advice else { return Check(name: "clock", state: .ok) }
        return Check(name: "clock", state: .degraded, detail: "\(clock.state.rawValue): \(advice)")
    }

    private static func certificate(_ status: CertificateStatus, _ now: Date) -> Check {
        func check(_ state: State, since: Date? = nil, _ detail: String? = nil) -> Check {
            Check(name: "certificate", certificate: status.name, state: state, since: since, detail: detail)
        }
        let lastError = status.lastError
        if let lastError, lastError.failure.failureClass == .installStuck {
            return check(.failed, since: lastError.at, FailureClass.installStuck.rawValue)
        }
        guard let installed = status.installed, status.hasKey else {
            // Before the first attempt has ended nobody can expect anything; and what was not looked at may be there.
            let state: State = status.hasBeenAttempted && status.isKnown ? .failed : .degraded
            return check(state, since: status.lastAttemptAt, status.why)
        }
        if installed.notAfter <= now { return check(.failed, since: installed.notAfter, "expired") }
        if let since = status.unansweredSince { return check(.degraded, since: since, status.why) }
        if let lastError, status.consecutiveFailures > 0, lastError.failure.failureClass == .installOpen {
            return check(
                .degraded, since: lastError.at, "an earlier install is open: \(lastError.failure.detail)")
        }
        if let lastError, status.consecutiveFailures > 0 {
            return check(.degraded, since: lastError.at, "its renewal fails: \(status.why)")
        }
        return check(.ok, since: installed.notBefore)
    }

    /// A wrong certificate is a failure where nothing else is about to put it right.
    private static func served(_ served: ServedStatus, _ name: CertificateName) -> Check {
        func check(_ state: State, _ detail: String? = nil) -> Check {
            Check(name: "served", certificate: name, state: state, since: served.since, detail: detail)
        }
        switch served.state {
        case .matches, .unknown: return check(.ok)
        case .differs: return check(.failed, "another certificate is served than the installed one")
        case .unreachable: return check(.degraded, "what is served can't be seen: \(served.problem ?? "")")
        }
    }

    private static func reload(_ status: CertificateStatus, _ now: Date) -> Check {
        guard let since = status.reload.pendingSince else {
            return Check(name: "reload", certificate: status.name, state: .ok)
        }
        let what =
            status.reload.nextAttemptAt == nil && status.reason != nil
            ? "the service is not reloaded before certificate and key fit: \(status.why)"
            : "renewed on disk, but the service has not taken the new certificate"
        let isLate = status.reload.graceEndsAt.map { $0 <= now } ?? true
        return Check(
            name: "reload", certificate: status.name, state: isLate ? .failed : .degraded, since: since,
            detail: what)
    }
}

extension CertificateStatus {
    /// What is on disk can be served: the key is there and belongs to the certificate.
    fileprivate var hasKey: Bool { reason != .keyMissing && reason != .keyMismatch }
}
