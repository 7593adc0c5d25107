import FoundationEssentials

extension HostState {
    mutating func attemptStep(_ name: CertificateName, _ stage: Stage, at now: Moment) {
        guard let index = indexes[name], let attempt = certificates[index].attempt else { return }
        closeStep(of: attempt, at: now)
        // Not only when the attempt ends: its install may have to wait for a service that reloads.
        if stage == .checks { brokerAnswered(attempt, at: now) }
        ledger.update(attempt.plan.id) { $0.steps.append(RenewalStep(stage: stage, startedAt: now.wall)) }
        certificates[index].attempt?.stage = stage
        certificates[index].attempt?.stageStartedAt = now.boottime
        filesAnswered(index)
        // On a host that was suspended since it is sent later than this process's death would let the next one believe.
        if stage == .order, now.boottime - attempt.beganAsking > settings.latestRequest {
            certificates[index].record.attemptUnderWaySince = now.wall
            persist(index)
        }
        if stage.isAtFiles {
            watchFiles(index, for: settings.installPatience, at: now)
            evaluate(index, at: now)
        } else {
            markDirty(index)
        }
    }

    mutating func attemptEnded(_ name: CertificateName, _ outcome: AttemptOutcome, at now: Moment) {
        guard let index = indexes[name], let attempt = certificates[index].attempt else { return }
        filesAnswered(index)
        closeStep(of: attempt, at: now)
        noteIdentity(attempt, outcome, at: now)
        if case .failed(let failure) = outcome {
            steerGate(attempt, failure, at: now)
            if goesOnElsewhere(index, attempt, failure, at: now) { return }
        }
        certificates[index].attempt = nil
        certificates[index].record.attemptUnderWaySince = nil
        certificates[index].record.attemptUnderWayAt = nil
        runningAttempts -= 1
        countRenewing(index, -1)
        counters.renewalDuration.observe(now.boottime - attempt.startedAt.boottime)

        switch outcome {
        case .installed(let report): installed(index, attempt, report, at: now)
        case .unchanged(let serial): unchanged(index, attempt, serial, at: now)
        case .notNeeded(let found): notNeeded(index, attempt, found, at: now)
        case .failed(let failure): failed(index, attempt, failure, at: now)
        }
        if case .notNeeded(let found) = outcome {
            believe(found, of: attempt.plan.certificate.outputs, index, at: now)
            certificates[index].record.attemptOrigin = nil
        }
        if certificates[index].lateRequest != nil { certificates[index].hasFreshRequest = true }
        certificates[index].lateRequest = nil
        refreshBudget(index, at: now)
        bequeath(index, attempt.plan.certificate.outputs)
        persist(index)
        releaseOccupied(at: now)
        evaluate(index, at: now)
        dismissDeparted(at: now)
    }

    private mutating func closeStep(of attempt: RunningAttempt, at now: Moment) {
        guard attempt.stage != nil else { return }
        ledger.update(attempt.plan.id) {
            if let last = $0.steps.indices.last {
                $0.steps[last].took = now.boottime - attempt.stageStartedAt
            }
        }
    }

    private mutating func installed(
        _ index: Int, _ attempt: RunningAttempt, _ report: IssuedReport, at now: Moment
    ) {
        brokerAnswered(attempt, at: now)
        let name = certificates[index].name
        if !report.wasCached { certificates[index].record.orders.note(at: now.wall) }
        take(FoundCertificate(certificate: .installed(report.certificate), key: .matches), index)
        if attempt.plan.certificate.outputs != certificates[index].wanted.outputs {
            // It lies where they were before; of what lies where they are now nothing is known.
            certificates[index].doubt(at: now.boottime)
        }
        certificates[index].renewals.succeeded += 1
        settleSuccess(index, at: now)
        emit(.report(.certificateInstalled(name, profile: attempt.plan.certificate.profile, report)))
        ledger.update(attempt.plan.id) {
            $0.serial = report.certificate.serial
            $0.warnings = report.warnings
        }

        // It is the service of these files that has to be told, under whatever name it is known by now.
        let heir = successor(of: index, to: attempt.plan.certificate.outputs)
        oweReload(heir ?? index, after: attempt, report, at: now)
        if let heir { persist(heir) }
        if attempt.plan.certificate == certificates[index].wanted {
            breakLoop(index, at: now)
        } else {
            // The configuration changed meanwhile: what was installed is to be judged by the new one, on disk.
            certificates[index].nextLookAt = now.boottime
            certificates[index].looksUnderWay = 0
        }
    }

    private mutating func oweReload(
        _ index: Int, after attempt: RunningAttempt, _ report: IssuedReport, at now: Moment
    ) {
        if certificates[index].wanted.reload != nil && attempt.reloadWanted {
            ledger.update(attempt.plan.id) { $0.state = .reloading }
            certificates[index].reload.renewals.append(attempt.plan.id)
            oweReload(index, gather: true, at: now)
        } else {
            certificates[index].record.reloadedSerial = report.certificate.serial
            // A service that watches its files takes them by itself; one that somebody else reloads is given the time.
            if certificates[index].wanted.reload == nil {
                certificates[index].served.nextLookAt = now.boottime
            }
            ledger.end(attempt.plan.id, as: .succeeded, at: now.wall)
        }
    }

    private mutating func unchanged(_ index: Int, _ attempt: RunningAttempt, _ serial: String, at now: Moment)
    {
        brokerAnswered(attempt, at: now)
        certificates[index].renewals.unchanged += 1
        if certificates[index].isLateInstall(serial) {
            oweReloadOfLateInstall(index, attempt, at: now)
            certificates[index].nextLookAt = now.boottime
        }
        settleSuccess(index, at: now)
        certificates[index].isUnchanged = true
        let life = certificates[index].life(at: now.wall)
        // The broker may give another one from the next minute on, and be away an hour later: most of the life that is left
        // must remain. To ask costs no order.
        let part = life.horizon.map { $0 / 12 } ?? settings.retryCap
        setRetry(
            index, after: max(min(part, .seconds(6 * 3600)), min(settings.retryBase, .seconds(1))), at: now
        )
        emit(.report(.certificateUnchanged(certificates[index].name, serial: serial)))
        ledger.update(attempt.plan.id) { $0.serial = serial }
        ledger.end(attempt.plan.id, as: .unchanged, at: now.wall)
    }

    /// What lies there is another certificate than the attempt set out from: its beginning has finished an install.
    private mutating func oweReloadOfLateInstall(_ index: Int, _ attempt: RunningAttempt, at now: Moment) {
        let told = successor(of: index, to: attempt.plan.certificate.outputs) ?? index
        if certificates[told].wanted.reload != nil { oweReload(told, gather: true, at: now) }
        if told != index { persist(told) }
    }

    /// A fault of the machine that made the files unreadable has gone by, or somebody else has mended them.
    private mutating func notNeeded(
        _ index: Int, _ attempt: RunningAttempt, _ found: FoundCertificate, at now: Moment
    ) {
        if attempt.isProbe { brokers[attempt.plan.broker]?.gate.abandonProbe() }
        if certificates[index].mayFinishInstall {
            // It has seen the end of what was open, which may be the files that are there.
            if let serial = found.installed?.serial, certificates[index].isLateInstall(serial) {
                oweReloadOfLateInstall(index, attempt, at: now)
            }
            certificates[index].record.lastError = nil
        } else {
            certificates[index].record.attemptOrigin = nil
        }
        certificates[index].retryAt = nil
        certificates[index].record.nextAttemptAt = nil
        emit(.report(.notNeeded(certificates[index].name)))
        var isForced = false
        ledger.update(attempt.plan.id) { isForced = $0.isForced }
        guard isForced else {
            ledger.end(attempt.plan.id, as: .unchanged, at: now.wall)
            return
        }
        // Somebody has joined it who wants an order whatever lies there.
        if let queued = certificates[index].queuedRenewal {
            ledger.merge(attempt.plan.id, into: queued)
        } else {
            certificates[index].queuedRenewal = attempt.plan.id
        }
        let wish = RenewRequest(reload: attempt.reloadWanted)
        certificates[index].lateRequest = certificates[index].lateRequest?.merged(with: wish) ?? wish
        certificates[index].record.request = certificates[index].lateRequest
        certificates[index].hasFreshRequest = true
    }

    /// As if it had been looked for.
    private mutating func believe(
        _ found: FoundCertificate, of outputs: OutputPaths, _ index: Int, at now: Moment
    ) {
        if outputs != certificates[index].wanted.outputs {
            return certificates[index].doubt(at: now.boottime)
        }
        certificates[index].looksUnderWay = 1
        looked(certificates[index].name, found, at: now)
    }

    /// Forgets what earlier failures left behind; the wish, if there was one, is fulfilled.
    private mutating func settleSuccess(_ index: Int, at now: Moment) {
        certificates[index].isUnchanged = false
        certificates[index].retryAt = nil
        certificates[index].possibleOrderUntil = nil
        certificates[index].forgetUnansweredOrder()
        certificates[index].record.consecutiveFailures = 0
        certificates[index].record.backoffStep = 0
        certificates[index].record.lastError = nil
        certificates[index].record.pause = nil
        certificates[index].record.nextAttemptAt = nil
        certificates[index].record.possibleOrderUntil = nil
        certificates[index].record.formerNames = nil
        certificates[index].record.refusedSerial = nil
        certificates[index].record.retiresPendingKey = false
        certificates[index].record.attemptOrigin = nil
        certificates[index].record.lastSuccessAt = now.wall
        certificates[index].record.request = certificates[index].lateRequest
    }

    /// A certificate that is due again the moment it is installed would be renewed for ever.
    private mutating func breakLoop(_ index: Int, at now: Moment) {
        guard
            let reason = RenewalPolicy.reason(
                defect: certificates[index].defect, isRequested: false, dueAt: certificates[index].dueAt,
                at: now.wall)
        else { return }
        let failure = RenewalFailure(
            stage: .checks, .dueAgain, detail: "due again at once after an install: \(reason.explanation)")
        certificates[index].record.consecutiveFailures = 1
        certificates[index].record.lastError = RecordedError(failure: failure, at: now.wall)
        setRetry(index, after: retrySchedule.longest(for: certificates[index].life(at: now.wall)), at: now)
        reportFailure(index, failure, at: now)
    }

    /// No automatic try for so long.
    mutating func setRetry(_ index: Int, after wait: Duration, at now: Moment) {
        certificates[index].retryAt = now.boottime + wait
        certificates[index].record.nextAttemptAt = now.wall + wait.seconds
    }

    mutating func reportFailure(_ index: Int, _ failure: RenewalFailure, at now: Moment) {
        let certificate = certificates[index]
        emit(
            .report(
                .attemptFailed(
                    certificate.name, profile: certificate.wanted.profile, failure,
                    nextAttemptAt: certificate.record.nextAttemptAt, repeats: certificate.repeats)))
    }

    /// Works out whether automatic orders have to wait.
    mutating func refreshBudget(_ index: Int, at now: Moment) {
        let wasSpent = certificates[index].budgetUntil != nil
        certificates[index].budgetUntil = nil
        guard settings.enforcesOrderBudget,
            let next = certificates[index].budget.nextOrderAt(certificates[index].record.orders, at: now.wall)
        else { return }
        certificates[index].budgetUntil = now.boottime(of: next)
        if wasSpent { return }
        emit(
            .report(
                .budgetSpent(
                    certificates[index].name, orders: certificates[index].record.orders.count(at: now.wall),
                    limit: certificates[index].budget.limit, nextOrderAt: next)))
    }
}
