import FoundationEssentials

extension HostState {
    /// Starts what may start, the most urgent first.
    mutating func startAttempts(at now: Moment) {
        if queue.isEmpty || !identity.state(at: now.wall).isUsable { return }
        while runningAttempts < settings.concurrency {
            switch gate.allowance(at: now.boottime) {
            case .none: return
            case .oneProbe:
                guard let index = nextProbe(at: now) else { return }
                if startAttempt(index, isProbe: true, at: now) { gate.beginProbe() }
            case .any:
                guard let index = mostUrgent(at: now) else { return }
                _ = startAttempt(index, isProbe: false, at: now)
            }
        }
    }

    /// What is due by itself goes before what was only asked for; then the one with the least part of its life left.
    private func mostUrgent(at now: Moment) -> Int? {
        var best: (index: Int, key: (Int, Double, Int))?
        for index in queue {
            let certificate = certificates[index]
            let key = (
                certificate.isDueByItself(at: now.wall) ? 0 : 1, certificate.lifeLeft(at: now.wall), index
            )
            if let best, best.key <= key { continue }
            best = (index, key)
        }
        return best?.index
    }

    /// The one whose last attempt is the longest ago: it may be the certificate, not the broker, that doesn't get through.
    private func nextProbe(at now: Moment) -> Int? {
        queue.min { left, right in
            let times = [left, right].map { certificates[$0].record.lastAttemptAt ?? .distantPast }
            return (times[0], left) < (times[1], right)
        }
    }

    /// Returns false, and takes the certificate out of the queue, when it is due no more: the wall clock may have been
    /// set back by too little to be noticed.
    private mutating func startAttempt(_ index: Int, isProbe: Bool, at now: Moment) -> Bool {
        let certificate = certificates[index]
        guard let reason = certificate.reason(at: now.wall) else {
            evaluate(index, at: now)
            return false
        }
        let request = certificate.record.request
        let id = certificate.queuedRenewal ?? beginAutomaticRenewal(of: certificate.name, at: now)
        let plan = AttemptPlan(
            id: id, certificate: certificate.wanted, reason: reason,
            rotatesKey: rotatesKey(certificate, reason: reason, request: request),
            retiresPendingKey: certificate.record.retiresPendingKey, reloadWanted: request?.reload ?? true,
            requests: certificate.queuedRenewal.map { [$0] } ?? [], installed: certificate.found?.installed)
        ledger.update(id) {
            $0.state = .running
            $0.reason = reason
            $0.startedAt = now.wall
        }
        certificates[index].attempt = RunningAttempt(
            plan: plan, startedAt: now, isProbe: isProbe, request: request, reloadWanted: plan.reloadWanted,
            stageStartedAt: now.boottime)
        certificates[index].queuedRenewal = nil
        certificates[index].hasFreshRequest = false
        certificates[index].record.lastAttemptAt = now.wall
        runningAttempts += 1
        countRenewing(index, 1)
        // Before anything is sent: an order whose attempt dies with the process still counts. And without a record, a
        // crash between install and reload would look like a first start.
        certificates[index].record.attemptUnderWaySince = now.wall
        persist(index)
        emit(.report(.attemptStarted(certificate.name, profile: certificate.wanted.profile, reason)))
        emit(.startAttempt(plan))
        evaluate(index, at: now)
        return true
    }

    private mutating func beginAutomaticRenewal(of name: CertificateName, at now: Moment) -> RenewalID {
        let id = ledger.freshID()
        ledger.begin(
            RenewalRecord(id: id, certificate: name, kind: .renewal, isForced: false, requestedAt: now.wall))
        return id
    }

    /// The installed key is kept only where it is wanted and of use.
    private func rotatesKey(
        _ certificate: CertificateLifecycle, reason: RenewalReason, request: RenewRequest?
    ) -> Bool {
        switch reason {
        case .missing, .unreadable, .keyMissing, .keyMismatch, .keyTypeChanged: true
        case .namesChanged, .incomplete, .requested, .expiring:
            !certificate.wanted.reusesKey || request?.rotateKey == true
        }
    }
}
