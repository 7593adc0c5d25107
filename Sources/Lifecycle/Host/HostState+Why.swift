import FoundationEssentials
import Notation

/// What a due certificate waits for.
enum Wait: Sendable {
    case identity(IdentityState)
    /// For a broker to tell the time.
    case clock(until: Date?)
    /// For the end of what somebody else still does with its files.
    case files(of: CertificateName)
    case broker(BrokerGate.Cause, until: Date)
    case possibleOrder(until: Date)
    case budget(until: Date)
    case unchanged(until: Date)
    case retry(until: Date)
    /// For a free place among the renewals.
    case queue
}

extension HostState {
    /// What holds a due certificate back: the most general cause first, for as long as it stands nothing else matters.
    func wait(of certificate: CertificateLifecycle, reason: RenewalReason?, at now: Moment) -> Wait? {
        if reason == nil || certificate.attempt != nil { return nil }
        let identityState = identity.state(at: now.wall)
        if !identityState.isUsable { return .identity(identityState) }
        if clock.holdsAll || (clock.holdsAged && reason == .expiring) {
            // As long as nothing was due nobody was asked, although it was time.
            return .clock(until: clock.askAt.map { now.wall(of: max($0, now.boottime)) })
        }
        if let occupant = occupant(of: certificate) { return .files(of: occupant) }
        let own = ownWait(of: certificate, at: now)
        if let wait = brokerWait(of: certificate, at: now) {
            let until = max(wait.until, now.boottime, certificate.startableAt)
            return .broker(wait.cause, until: now.wall(of: until))
        }
        if let own { return own }
        return runningAttempts >= settings.concurrency ? .queue : nil
    }

    /// What keeps each broker that a certificate may ask from being asked, and until when; `nil` if one may be.
    func brokerWait(
        of certificate: CertificateLifecycle, at now: Moment
    ) -> (cause: BrokerGate.Cause, until: Duration)? {
        var wait: (cause: BrokerGate.Cause, until: Duration)?
        for address in candidates(for: certificate, at: now) {
            guard let gate = brokers[address]?.gate else { continue }
            guard let closure = gate.closure else { return nil }
            if let wait, wait.until <= closure.probeAt { continue }
            wait = (closure.cause, closure.probeAt)
        }
        guard let wait, certificate.boundBroker(at: now.boottime) != nil,
            let freeAt = certificate.sameBrokerUntil
        else { return wait }
        return (wait.cause, min(wait.until, freeAt))
    }

    private func ownWait(of certificate: CertificateLifecycle, at now: Moment) -> Wait? {
        let until = certificate.startableAt
        if until <= now.boottime { return nil }
        let date = now.wall(of: until)
        if until == certificate.possibleOrderUntil { return .possibleOrder(until: date) }
        if until == certificate.budgetUntil { return .budget(until: date) }
        return certificate.isUnchanged ? .unchanged(until: date) : .retry(until: date)
    }

    /// The chain of reasons in one sentence: why due or not, what it waits for, what comes next.
    func why(_ certificate: CertificateLifecycle, reason: RenewalReason?, wait: Wait?, at now: Moment)
        -> String
    {
        if let since = certificate.unansweredSince {
            let work =
                certificate.attempt != nil
                ? "a renewal" : certificate.isRebuilding ? "a rebuild" : "a look at them"
            return "the directory of its files hangs: \(work) had not ended at \(since.rfc3339), "
                + "and nothing is begun before it ends"
        }
        guard certificate.found != nil else { return "its files have not been looked at yet" }
        guard let reason = certificate.attempt?.plan.reason ?? reason else {
            return whyNotDue(certificate, at: now)
        }
        let because = because(certificate, reason, at: now)
        if let attempt = certificate.attempt {
            return attempt.stage.map { "\(because); being renewed, at the step \($0.rawValue)" }
                ?? "\(because); being renewed"
        }
        let next = "\(because); \(whatNext(certificate, wait))"
        return certificate.isReloadBarred
            ? "\(next); its service is not reloaded before there is a pair to serve" : next
    }

    private func whatNext(_ certificate: CertificateLifecycle, _ wait: Wait?) -> String {
        switch wait {
        case .identity(let state): "waits for a valid identity (\(state.rawValue))"
        case .files(let occupant):
            "waits for the end of what was begun for '\(occupant)', which had its files before"
        case .clock: "waits until a broker has confirmed this host's clock"
        case .broker(.unreachable, let date):
            "the broker can't be reached; it is tried again at \(date.rfc3339)"
        case .broker(.rateLimited, let date):
            "the broker asked for a pause; it is tried again at \(date.rfc3339)"
        case .possibleOrder(let date):
            "the broker may still be working on the last order; next try at \(date.rfc3339)"
        case .budget(let date):
            "its order budget for seven days is spent; next order at \(date.rfc3339)"
        case .unchanged(let date):
            "the broker still gives the certificate that is installed; asked again at \(date.rfc3339)"
        case .retry(let date): "\(lastFailure(certificate)); next try at \(date.rfc3339)"
        case .queue: "waits for one of \(settings.concurrency) places among the renewals"
        case nil: "about to be renewed"
        }
    }

    private func lastFailure(_ certificate: CertificateLifecycle) -> String {
        guard let failure = certificate.record.lastError?.failure else { return "the last try failed" }
        return "the last try failed at the step \(failure.stage.rawValue) (\(failure.failureClass.rawValue))"
    }
}
