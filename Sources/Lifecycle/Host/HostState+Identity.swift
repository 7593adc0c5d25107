import FoundationEssentials

extension HostState {
    mutating func identityLooked(_ found: FoundIdentity, at now: Moment) {
        identity.isLooking = false
        identity.nextLookAt = now.boottime + settings.identityCheckInterval
        takeIdentity(found, at: now)
    }

    mutating func identityRenewalEnded(_ outcome: IdentityRenewalOutcome, at now: Moment) {
        identity.isRenewing = false
        switch outcome {
        case .renewed(let facts):
            identity.renewals.succeeded += 1
            identity.lastSuccessAt = now.wall
            identity.retryAt = nil
            takeIdentity(FoundIdentity(pair: .present(facts)), at: now)
            identity.failures = 0
            identity.lastError = nil
            emit(.report(.identityRenewed(facts)))
            // An authority that gives what is due again at once would be asked for ever.
            if identity.dueAt.map({ $0 <= now.wall }) ?? false {
                identity.retryAt = now.boottime + retrySchedule.longest(for: identity.life(at: now.wall))
            }
        case .failed(let failure):
            if failure.failureClass == .stopped { return }
            identity.renewals.failed += 1
            identity.failures += 1
            identity.lastError = RecordedError(failure: failure, at: now.wall)
            // Certificates that wait for it are advised by it.
            allDirty = true
            let wait = retrySchedule.delay(
                after: failure, step: identity.failures, life: identity.life(at: now.wall), using: &random)
            identity.retryAt = now.boottime + wait
            emit(.report(.identityRenewalFailed(failure, nextAttemptAt: now.wall + wait.seconds)))
        }
    }

    /// Looks at the identity when it is time, renews it in the background, and says when its state has changed.
    mutating func superviseIdentity(at now: Moment) {
        let state = identity.state(at: now.wall)
        if state != identity.reported {
            identity.reported = state
            allDirty = true
            emit(.report(.identityChanged(state, problem: identity.problem)))
            if state == .expiring, let facts = identity.facts {
                emit(.report(.identityInsideWindow(notAfter: facts.notAfter)))
            }
        }
        if let notAfter = identity.warnsOfExpiration(at: now.wall, warnBefore: settings.identityWarnBefore) {
            emit(.report(.identityCloseToExpiration(notAfter: notAfter)))
        }
        if !identity.isLooking && identity.nextLookAt <= now.boottime {
            identity.isLooking = true
            emit(.lookAtIdentity)
        }
        // A clock that runs ahead would have it renewed, and a broker knows better.
        let isDoubtful = clock.isFirstQuestionOpen && identity.isDueByAge(at: now.wall)
        if !isStopping, !isDoubtful, let step = identity.nextStep(at: now) {
            identity.isRenewing = true
            emit(step)
        }
    }

    mutating func takeIdentity(_ found: FoundIdentity, at now: Moment) {
        if let facts = found.facts { hear(facts, at: now) }
        guard identity.take(found, settings: settings), identity.state(at: now.wall).isUsable else { return }
        // Another identity: what failed because of the old one need not wait.
        brokers.forEach { $0.gate.hurry(at: now.boottime) }
        for index in certificates.indices {
            let failureClass = certificates[index].record.lastError?.failure.failureClass
            guard let failureClass, failureClass.concernsIdentity || failureClass == .unauthorized else {
                continue
            }
            certificates[index].retryAt = nil
            certificates[index].record.nextAttemptAt = nil
            evaluate(index, at: now)
        }
    }
}
