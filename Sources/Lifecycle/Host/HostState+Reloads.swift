import FoundationEssentials

extension HostState {
    /// Notes that the service has to be told about its files.
    mutating func oweReload(_ index: Int, gather: Bool, at now: Moment) {
        var debt = ReloadDebt(since: now.wall)
        if let earlier = certificates[index].record.reload {
            debt.since = earlier.since
            if certificates[index].reload.isRunning {
                debt.runBegunAt = earlier.runBegunAt
                debt.cutOffRuns = earlier.cutOffRuns
            }
        }
        certificates[index].record.reload = debt
        certificates[index].owesForRebuild = false
        certificates[index].reload.retryAt = now.boottime
        certificates[index].reload.isOwedAgain = certificates[index].reload.isRunning
        let isShared = certificates[index].wanted.reload?.isShareable == true
        certificates[index].reload.gatherUntil =
            gather && isShared ? now.boottime + settings.reloadGathering : nil
    }

    /// Starts the runs that may start. The same command never runs twice at once; what was installed in one round and
    /// shares its command shares one run.
    mutating func startReloads(at now: Moment) {
        if reloadQueue.isEmpty { return }
        for index in reloadQueue.sorted() {
            if runningCommands.count >= settings.reloadConcurrency { return }
            guard reloadQueue.contains(index), let setting = certificates[index].wanted.reload,
                !runningCommands.contains(setting.command)
            else { continue }
            // Others are worth waiting for only while renewals get on at all.
            if let until = certificates[index].reload.gatherUntil, until > now.boottime, runningAttempts > 0,
                renewingByCommand[setting.command, default: 0] > 0
            {
                continue
            }
            startReload(setting, setting.isShareable ? sharing(setting.command) : [index], at: now)
        }
    }

    private func sharing(_ command: String) -> [Int] {
        reloadQueue.filter { certificates[$0].wanted.reload?.command == command }.sorted()
    }

    private mutating func startReload(_ setting: ReloadSetting, _ group: [Int], at now: Moment) {
        let timeout = group.compactMap { certificates[$0].wanted.reload?.timeout }.max() ?? setting.timeout
        let plan = ReloadPlan(
            command: setting.command, timeout: timeout,
            certificates: group.map {
                ReloadSubject(wanted: certificates[$0].wanted, installed: certificates[$0].found?.installed)
            })
        runningCommands.insert(setting.command)
        for index in group {
            certificates[index].reload.isRunning = true
            certificates[index].reload.startedAt = now.boottime
            certificates[index].reload.command = setting.command
            certificates[index].reload.serial = certificates[index].found?.installed?.serial
            certificates[index].reload.gatherUntil = nil
            certificates[index].reload.renewalsInRun = certificates[index].reload.renewals
            certificates[index].reload.renewals = []
            for id in certificates[index].reload.renewalsInRun {
                ledger.update(id) {
                    $0.state = .reloading
                    $0.startedAt = $0.startedAt ?? now.wall
                    $0.steps.append(RenewalStep(stage: .reload, startedAt: now.wall))
                }
            }
        }
        // Before the run: one that ends the agent must not be begun by each start anew. One record is enough for all.
        if let first = group.first {
            certificates[first].record.reload?.runBegunAt = now.wall
            certificates[first].record.reload?.failedCommand = StableHash.number(of: setting.command)
            persist(first)
        }
        emit(.report(.reloadStarted(plan.names, command: setting.command)))
        emit(.startReload(plan))
        for index in group { evaluate(index, at: now) }
    }

    mutating func reloadEnded(_ names: [CertificateName], _ outcome: ReloadOutcome, at now: Moment) {
        let group = names.compactMap { indexes[$0] }.filter { certificates[$0].reload.isRunning }
        guard let first = group.first else { return }
        let took = now.boottime - certificates[first].reload.startedAt
        runningCommands.remove(certificates[first].reload.command)
        counters.reloadDuration.observe(took)
        // It is tried often, and told once.
        let wasHeld = certificates[first].isReloadHeld
        for index in group {
            if outcome == .succeeded, certificates[index].verifyPlan != nil {
                awaitServed(index, took, at: now)
                continue
            }
            certificates[index].reload.isRunning = false
            switch outcome {
            case .succeeded: reloadSucceeded(index, took, at: now)
            case .failed(let failure): reloadFailed(index, failure, took, at: now)
            }
            persist(index)
        }
        switch outcome {
        case .succeeded: emit(.report(.reloadCompleted(names, took: took)))
        case .failed(let failure) where failure.failureClass == .installStuck && wasHeld: break
        case .failed(let failure):
            let debt = certificates[first].record.reload ?? ReloadDebt(since: now.wall)
            emit(
                .report(
                    .reloadFailed(names, failure, nextAttemptAt: debt.nextAttemptAt, attempts: debt.attempts))
            )
        }
        for index in group { evaluate(index, at: now) }
        dismissDeparted(at: now)
    }

    mutating func reloadSucceeded(_ index: Int, _ took: Duration, at now: Moment) {
        certificates[index].reloads.succeeded += 1
        certificates[index].record.reloadedSerial = certificates[index].reload.serial
        endRenewalsInRun(index, as: .succeeded, took: took, failure: nil, at: now)
        if certificates[index].reload.isOwedAgain {
            certificates[index].reload.isOwedAgain = false
            certificates[index].record.reload?.noteRunEnded()
        } else {
            certificates[index].record.reload = nil
            certificates[index].record.dormantReloadSince = nil
            certificates[index].reload.retryAt = nil
        }
    }

    mutating func reloadFailed(
        _ index: Int, _ failure: RenewalFailure, _ took: Duration, at now: Moment
    ) {
        let isHeld = failure.failureClass == .installStuck
        if !isHeld { certificates[index].reloads.failed += 1 }
        endRenewalsInRun(index, as: .reloadFailed, took: took, failure: failure, at: now)
        guard certificates[index].wanted.reload != nil else {
            // Taken out of the configuration meanwhile; the debt is laid aside.
            return
        }
        var debt = certificates[index].record.reload ?? ReloadDebt(since: now.wall)
        debt.lastError = RecordedError(failure: failure, at: now.wall)
        debt.failedCommand = StableHash.number(of: certificates[index].reload.command)
        // A run that ends with the agent is one that was cut off, for all that the next process can know.
        if failure.failureClass != .stopped { debt.noteRunEnded() }
        if certificates[index].reload.isOwedAgain {
            certificates[index].reload.isOwedAgain = false
        } else if failure.failureClass == .stopped {
            debt.nextAttemptAt = now.wall
        } else if isHeld {
            // The command has not been run.
            debt.nextAttemptAt = now.wall + settings.reloadHoldPause.seconds
            certificates[index].reload.retryAt = now.boottime + settings.reloadHoldPause
        } else {
            debt.attempts += 1
            let wait = ReloadRetrySchedule(waits: settings.reloadRetries).delay(afterFailures: debt.attempts)
            debt.nextAttemptAt = now.wall + wait.seconds
            certificates[index].reload.retryAt = now.boottime + wait
        }
        certificates[index].record.reload = debt
    }

    /// Nobody waits for a run that only a renewal can make possible, unless that is under way. The service is told all the
    /// same when there is something to serve.
    mutating func endBarredRenewals(_ index: Int, at now: Moment) {
        if certificates[index].reload.renewals.isEmpty { return }
        guard certificates[index].isReloadBarred, certificates[index].attempt == nil,
            let defect = certificates[index].defect
        else { return }
        let failure = RenewalFailure(
            stage: .reload, .notServable, detail: "\(defect.explanation): the reload command was not run")
        for id in certificates[index].reload.renewals {
            ledger.update(id) { $0.failure = failure }
            ledger.end(id, as: .reloadFailed, at: now.wall)
        }
        certificates[index].reload.renewals = []
    }

    /// No set is mixed any more: what was held for that goes on.
    mutating func resumeHeldReloads(at now: Moment) {
        for index in certificates.indices where certificates[index].isReloadHeld {
            certificates[index].record.reload?.nextAttemptAt = now.wall
            certificates[index].reload.retryAt = now.boottime
            evaluate(index, at: now)
        }
    }

    /// A command that has ended the agent does so for whichever certificate it is run: all that are to be told by it wait.
    mutating func holdCutOffCommands(at now: Moment) {
        var ends: [String: Duration] = [:]
        for certificate in certificates where certificate.record.reload?.cutOffRuns != nil {
            guard let command = certificate.wanted.reload?.command, let end = certificate.reload.retryAt
            else { continue }
            ends[command] = max(ends[command] ?? .zero, end)
        }
        if ends.isEmpty { return }
        for index in certificates.indices where certificates[index].record.reload != nil {
            guard let command = certificates[index].wanted.reload?.command, let end = ends[command] else {
                continue
            }
            certificates[index].reload.retryAt = max(certificates[index].reload.retryAt ?? .zero, end)
            evaluate(index, at: now)
        }
    }

    private mutating func endRenewalsInRun(
        _ index: Int, as state: RenewalRecord.State, took: Duration, failure: RenewalFailure?, at now: Moment
    ) {
        for id in certificates[index].reload.renewalsInRun {
            ledger.update(id) {
                if let last = $0.steps.indices.last { $0.steps[last].took = took }
                $0.failure = failure
            }
            ledger.end(id, as: state, at: now.wall)
        }
        certificates[index].reload.renewalsInRun = []
    }
}

extension CertificateLifecycle {
    /// The last try to tell its service met a set that is mixed.
    var isReloadHeld: Bool { record.reload?.lastError?.failure.failureClass == .installStuck }

    /// The process ended in the middle of a run, perhaps by it. At once it is run once more: a service is told of an install
    /// whatever happened. Then the waits are those of a command that fails.
    mutating func noteCutOffRun(at now: Moment, _ schedule: ReloadRetrySchedule) {
        guard var debt = record.reload, let begun = debt.runBegunAt else { return }
        let at = min(begun, now.wall)
        let runs = (debt.cutOffRuns ?? 0) + 1
        debt.runBegunAt = nil
        debt.cutOffRuns = runs
        debt.attempts += 1
        let failure = RenewalFailure(
            stage: .reload, .reloadFailed, detail: "the agent ended while the command was running")
        debt.lastError = RecordedError(failure: failure, at: at)
        debt.nextAttemptAt = runs == 1 ? at : at + schedule.delay(afterFailures: debt.attempts).seconds
        record.reload = debt
    }

    /// Another command is wanted: it need not wait for what the one before it did, and what that one is doing it has to do
    /// itself.
    mutating func turnToOtherReload(isOtherCommand: Bool, at now: Moment) {
        if record.reload == nil { return }
        // Once it has ended, what is served is looked at; that says more than a command.
        if reload.isRunning && isOtherCommand && served.reloadTook == nil { reload.isOwedAgain = true }
        record.reload?.attempts = 0
        record.reload?.cutOffRuns = nil
        record.reload?.failedCommand = nil
        record.reload?.nextAttemptAt = now.wall
        reload.retryAt = now.boottime
    }
}

extension ReloadDebt {
    /// The run under way has ended, and not with the agent.
    mutating func noteRunEnded() {
        runBegunAt = nil
        cutOffRuns = nil
    }
}
