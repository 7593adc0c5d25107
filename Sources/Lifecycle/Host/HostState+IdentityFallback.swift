import FoundationEssentials

/// A new identity that no broker accepts would lock the machine out: then the one before is put back.
extension HostState {
    /// Draws from an attempt what it says about the identity that it presented.
    mutating func noteIdentity(_ attempt: RunningAttempt, _ outcome: AttemptOutcome, at now: Moment) {
        guard let facts = identity.facts, attempt.identity == facts.serial else { return }
        if case .notNeeded = outcome { return }
        guard case .failed(let failure) = outcome else { return identityAccepted() }
        switch failure.failureClass {
        case .identityRefused:
            identity.refusedBy.insert(attempt.plan.broker)
            restoreIdentityIfRefused(at: now)
        case _ where failure.isAnswer: identityAccepted()
        default: break
        }
    }

    private mutating func identityAccepted() {
        if identity.wasAccepted() { emit(.forgetPreviousIdentity) }
    }

    private mutating func restoreIdentityIfRefused(at now: Moment) {
        guard !isStopping, !identity.isRestoring, !identity.isRenewing,
            settings.brokers.allSatisfy(identity.refusedBy.contains),
            let previous = identity.previous, previous.notAfter > now.wall
        else { return }
        identity.isRestoring = true
        // Another round of refusals is needed before it is tried again.
        identity.refusedBy = []
        emit(.restoreIdentity(settings.brokers))
    }

    mutating func identityRestored(_ outcome: IdentityRenewalOutcome, at now: Moment) {
        identity.isRestoring = false
        let refused = identity.facts
        switch outcome {
        case .renewed(let facts):
            takeIdentity(FoundIdentity(pair: .present(facts)), at: now)
            let failure = RenewalFailure(
                stage: .checks, .identityRefused,
                detail: "every broker refused the new identity; the one before is in place again")
            identity.failures += 1
            identity.lastError = RecordedError(failure: failure, at: now.wall)
            // Renewed again, but not at once: the next one may be refused as well.
            let wait = retrySchedule.longest(for: identity.life(at: now.wall))
            identity.retryAt = now.boottime + wait
            if let refused {
                emit(
                    .report(
                        .identityRestored(
                            refused: refused, restored: facts, nextAttemptAt: now.wall + wait.seconds)))
            }
        case .failed(let failure):
            if failure.failureClass != .stopped { emit(.report(.identityNotRestored(failure))) }
        }
    }
}

extension RenewalFailure {
    /// A broker said something, behind a handshake that let the identity in.
    fileprivate var isAnswer: Bool {
        switch failureClass {
        case .invalidRequest, .unauthorized, .forbidden, .wrongEndpoint, .rateLimited, .brokerError,
            .issuanceFailed, .brokerUnavailable, .redirected, .unexpectedAnswer, .answerTooLarge,
            .answerMalformed:
            true
        default: stage == .checks || stage == .install
        }
    }
}
