import FoundationEssentials

extension HostState {
    /// One certificate as status and metrics show it.
    func status(of certificate: CertificateLifecycle, at now: Moment) -> CertificateStatus {
        let reason = certificate.reason(at: now.wall)
        let wait = wait(of: certificate, reason: reason, at: now)
        var status = CertificateStatus(
            wanted: certificate.wanted, state: state(of: certificate, reason: reason, wait: wait, at: now),
            why: why(certificate, reason: reason, wait: wait, at: now))
        let record = certificate.record
        status.reason = reason
        status.cause = (certificate.attempt?.plan.reason ?? reason).map { because(certificate, $0, at: now) }
        status.advice = advice(for: certificate, reason: reason, wait: wait)
        status.isKnown = certificate.found != nil
        status.unansweredSince = certificate.unansweredSince
        status.installed = certificate.found?.installed
        status.window = certificate.window
        status.nextRenewalAt = certificate.dueAt
        status.nextCheckAt = now.wall(of: certificate.nextLookAt)
        status.nextAttemptAt = nextAttempt(of: certificate, reason: reason, wait: wait, at: now)
        status.hasBeenAttempted = record.lastSuccessAt != nil || record.lastError != nil
        status.lastAttemptAt = record.lastAttemptAt
        status.lastSuccessAt = record.lastSuccessAt
        status.lastError = record.lastError
        status.consecutiveFailures = record.consecutiveFailures
        status.ordersLast7Days = record.orders.count(at: now.wall)
        status.orderBudget = certificate.budget.limit
        status.nextOrderAt = certificate.budgetUntil.map(now.wall(of:))
        status.currentRenewal = certificate.attempt?.plan.id ?? certificate.queuedRenewal
        status.currentRotatesKey = certificate.attempt?.plan.rotatesKey ?? false
        status.currentStage = certificate.attempt?.stage
        status.reload = reloadStatus(of: certificate, at: now)
        status.served = servedStatus(of: certificate, at: now)
        status.renewals = certificate.renewals
        status.reloads = certificate.reloads
        status.history = certificate.history.entries
        return status
    }

    private func state(
        of certificate: CertificateLifecycle, reason: RenewalReason?, wait: Wait?, at now: Moment
    ) -> CertificateState {
        if certificate.attempt != nil { return .renewing }
        guard let found = certificate.found else { return .unknown }
        guard let installed = found.installed else { return .missing }
        if installed.notAfter <= now.wall { return .expired }
        if certificate.unansweredSince != nil { return .unknown }
        if reason == .keyMissing || reason == .keyMismatch { return .missing }
        if reason != nil {
            if certificate.record.lastError != nil { return .failing }
            return wait == nil ? .expiring : .waiting
        }
        return certificate.record.reload == nil || certificate.owesForRebuild ? .valid : .reloadPending
    }

    private func nextAttempt(
        of certificate: CertificateLifecycle, reason: RenewalReason?, wait: Wait?, at now: Moment
    ) -> Date? {
        if certificate.attempt != nil { return nil }
        guard reason != nil else { return certificate.dueAt }
        switch wait {
        case .identity, .files: return nil
        case .clock(let date): return date
        case .broker(_, let date), .retry(let date), .possibleOrder(let date), .budget(let date),
            .unchanged(let date):
            return date
        case .queue, nil: return now.wall
        }
    }

    private func reloadStatus(of certificate: CertificateLifecycle, at now: Moment) -> ReloadStatus {
        var status = ReloadStatus()
        status.isConfigured = certificate.wanted.reload != nil
        status.isRunning = certificate.reload.isRunning
        guard let debt = certificate.record.reload, !certificate.owesForRebuild else { return status }
        status.pendingSince = debt.since
        status.graceEndsAt = debt.since + settings.reloadGrace.seconds
        status.failedAttempts = debt.attempts
        if !certificate.isReloadBarred {
            status.nextAttemptAt = certificate.nextReloadAt(at: now) ?? debt.nextAttemptAt
        }
        status.lastError = debt.lastError
        return status
    }

    private func servedStatus(of certificate: CertificateLifecycle, at now: Moment) -> ServedStatus? {
        guard certificate.wanted.verify != nil else { return nil }
        var status = ServedStatus()
        status.since = certificate.served.since
        status.observedAt = certificate.served.observedAt
        status.nextLookAt = certificate.served.nextLookAt.map(now.wall(of:))
        switch certificate.served.observation {
        case .matches: status.state = .matches
        case .differs(let serial):
            status.state = .differs
            status.serial = serial
        case .unreachable(let problem):
            status.state = .unreachable
            status.problem = problem
        case .stopped, nil: status.state = .unknown
        }
        return status
    }

    /// What a person should do: about the renewal first, then about the reload.
    private func advice(for certificate: CertificateLifecycle, reason: RenewalReason?, wait: Wait?) -> String?
    {
        if certificate.unansweredSince != nil { return CertificateStatus.adviceOnUnanswered }
        if reason != nil {
            if case .identity(let state)? = wait {
                return identity.lastError?.failure.advice ?? state.advice
            }
            if case .clock? = wait { return ClockState.unconfirmed.advice }
            if case .budget? = wait { return FailureClass.orderBudgetSpent.advice }
            if case .unchanged? = wait { return FailureClass.alreadyDue.advice }
            if let error = certificate.record.lastError { return error.failure.advice }
            if case .broker(.unreachable, _)? = wait { return brokers.nextToOpen?.lastError?.failure.advice }
        }
        return certificate.record.reload?.lastError?.failure.advice ?? servedAdvice(for: certificate)
            ?? certificate.rebuildFailure?.advice
    }

    private func servedAdvice(for certificate: CertificateLifecycle) -> String? {
        switch certificate.served.observation {
        case .differs: FailureClass.servedMismatch.advice
        case .unreachable: FailureClass.servedUnreachable.advice
        case .matches, .stopped, nil: nil
        }
    }
}
