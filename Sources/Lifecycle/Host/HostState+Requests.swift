import FoundationEssentials

extension HostState {
    /// Somebody asks for a renewal: joins the one that runs or waits, else begins one.
    mutating func requested(_ name: CertificateName, _ id: RenewalID, _ request: RenewRequest, at now: Moment)
    {
        // Whoever asked was told that it runs; its end is what he is waiting for.
        if ledger.hasEnded(id) { return }
        guard let index = indexes[name], !certificates[index].isDeparting else {
            ledger.begin(
                RenewalRecord(
                    id: id, certificate: name, kind: .renewal, isForced: true, requestedAt: now.wall))
            ledger.end(id, as: .abandoned, at: now.wall)
            return
        }
        if let attempt = certificates[index].attempt, attempt.fulfils(request) {
            certificates[index].attempt?.reloadWanted = attempt.reloadWanted || request.reload
            join(attempt.plan.id, id, request)
        } else if let earlier = sameAttempt(underOtherNameAs: index),
            let attempt = certificates[earlier].attempt, attempt.fulfils(request)
        {
            certificates[earlier].attempt?.reloadWanted = attempt.reloadWanted || request.reload
            join(attempt.plan.id, id, request)
        } else if let wait = certificates[index].budgetWait(for: request, at: now.boottime) {
            refuse(name, id, request, for: wait, at: now)
            return
        } else if let queued = certificates[index].queuedRenewal {
            join(queued, id, request)
            wish(request, index)
        } else {
            var record = RenewalRecord(
                id: id, certificate: name, kind: .renewal, isForced: true, requestedAt: now.wall)
            record.requestReason = request.reason
            ledger.begin(record)
            certificates[index].queuedRenewal = id
            wish(request, index)
        }
        brokers.forEach { $0.gate.hurry(at: now.boottime) }
        evaluate(index, at: now)
    }

    /// Somebody asks for a run of the reload command, owed or not.
    mutating func reloadRequested(_ name: CertificateName, _ id: RenewalID, at now: Moment) {
        var record = RenewalRecord(
            id: id, certificate: name, kind: .reload, isForced: true, requestedAt: now.wall)
        guard let index = indexes[name], !certificates[index].isDeparting,
            certificates[index].wanted.reload != nil
        else {
            record.failure = RenewalFailure(
                stage: .reload, .reloadFailed, detail: "no reload command is configured", isTransient: false)
            ledger.begin(record)
            ledger.end(id, as: .failed, at: now.wall)
            return
        }
        if certificates[index].reload.isRunning, !certificates[index].reload.isOwedAgain {
            record.state = .reloading
            certificates[index].reload.renewalsInRun.append(id)
        } else {
            certificates[index].reload.renewals.append(id)
            if certificates[index].record.reload == nil {
                oweReload(index, gather: false, at: now)
                persist(index)
            }
            certificates[index].reload.retryAt = now.boottime
            certificates[index].record.reload?.nextAttemptAt = now.wall
            certificates[index].reload.gatherUntil = nil
            // What was true at the last look may be mended by now, or broken.
            if certificates[index].attempt == nil, !certificates[index].isRebuilding {
                certificates[index].doubt(at: now.boottime)
            }
        }
        ledger.begin(record)
        evaluate(index, at: now)
    }

    /// The certificate under whose name a renewal of the same files is under way that asks for the same.
    private func sameAttempt(underOtherNameAs index: Int) -> Int? {
        guard let name = occupant(of: index), let earlier = indexes[name],
            let plan = certificates[earlier].attempt?.plan,
            plan.certificate.outputs == certificates[index].wanted.outputs,
            plan.certificate.isOrdered(like: certificates[index].wanted)
        else { return nil }
        return earlier
    }

    /// The door refuses it too, by the last snapshot; the budget may have been spent since.
    private mutating func refuse(
        _ name: CertificateName, _ id: RenewalID, _ request: RenewRequest, for wait: Duration, at now: Moment
    ) {
        var record = RenewalRecord(
            id: id, certificate: name, kind: .renewal, isForced: true, requestedAt: now.wall)
        record.requestReason = request.reason
        record.failure = RenewalFailure(
            stage: .order, .orderBudgetSpent,
            detail:
                "the order budget of seven days is spent; the next order may be made in \(wait.components.seconds) s",
            retryAfter: wait)
        record.nextAttemptAt = now.wall + wait.seconds
        ledger.begin(record)
        ledger.end(id, as: .failed, at: now.wall)
    }

    private mutating func join(_ renewal: RenewalID, _ id: RenewalID, _ request: RenewRequest) {
        ledger.update(renewal) {
            $0.isForced = true
            $0.requestReason = $0.requestReason ?? request.reason
            if !$0.answers(to: id) { $0.joined.append(id) }
        }
    }

    /// Keeps the wish until it is fulfilled, also through a restart.
    private mutating func wish(_ request: RenewRequest, _ index: Int) {
        if certificates[index].attempt != nil {
            certificates[index].lateRequest =
                certificates[index].lateRequest?.merged(with: request) ?? request
            return
        }
        let earlier = certificates[index].record.request
        certificates[index].record.request = earlier?.merged(with: request) ?? request
        certificates[index].hasFreshRequest = true
        persist(index)
    }
}
