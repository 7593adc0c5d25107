import FoundationEssentials

extension HostState {
    mutating func failed(_ index: Int, _ attempt: RunningAttempt, _ failure: RenewalFailure, at now: Moment) {
        noteOrder(index, attempt, failure, at: now)
        if !failure.isOfInstall {
            if certificates[index].mayFinishInstall {
                // The attempt has begun with that, and what came of it shows on disk.
                certificates[index].nextLookAt = now.boottime
            } else {
                certificates[index].record.attemptOrigin = nil
            }
        }
        if failure.failureClass == .stopped {
            mergeLateRequest(index)
            ledger.end(attempt.plan.id, as: .abandoned, at: now.wall)
            return
        }
        noteFailure(index, failure, at: now)
        notePause(index, attempt.plan.broker, failure, at: now)
        certificates[index].renewals.failed += 1

        if failure.failureClass.isSharedByHost || failure.failureClass == .rateLimited {
            // The gate holds it, with all others; nothing is to be held against this one.
            certificates[index].retryAt = nil
            certificates[index].record.nextAttemptAt = brokerWait(of: certificates[index], at: now).map {
                now.wall(of: $0.until)
            }
        } else {
            certificates[index].record.backoffStep += 1
            let life = certificates[index].life(at: now.wall)
            let wait = retrySchedule.delay(
                after: failure, step: certificates[index].record.backoffStep, life: life, using: &random)
            setRetry(index, after: max(wait, leastWait(after: failure, life)), at: now)
        }
        if failure.isTransient {
            mergeLateRequest(index)
        } else {
            dropRequest(index, at: now)
        }
        if failure.failureClass.concernsIdentity { identity.nextLookAt = now.boottime }
        reportFailure(index, failure, at: now)
        let next = certificates[index].record.nextAttemptAt
        ledger.update(attempt.plan.id) {
            $0.failure = failure
            $0.nextAttemptAt = next
        }
        ledger.end(attempt.plan.id, as: .failed, at: now.wall)
    }

    /// With other brokers to turn to, few enough tries at the one that may have the order that the budget is not spent
    /// before another one may be asked.
    private func leastWait(after failure: RenewalFailure, _ life: Life) -> Duration {
        guard failure.isPossibleOrder, failure.stage == .order, settings.brokers.count > 1 else {
            return .zero
        }
        return min(settings.sameBrokerSpan / 3, retrySchedule.longest(for: life))
    }

    var retrySchedule: RetrySchedule {
        RetrySchedule(
            base: settings.retryBase, cap: settings.retryCap, possibleOrderDelay: settings.possibleOrderDelay)
    }

    private mutating func noteOrder(
        _ index: Int, _ attempt: RunningAttempt, _ failure: RenewalFailure, at now: Moment
    ) {
        // A bundle that was of no use, or could not be installed, was an answer all the same: nobody is busy with it any
        // more, and the broker has it at hand for the key that goes on waiting.
        if failure.stage == .checks || failure.stage == .install {
            certificates[index].forgetUnansweredOrder()
        }
        if failure.placedOrder || failure.isPossibleOrder {
            certificates[index].record.orders.note(at: now.wall)
        }
        guard failure.isPossibleOrder else { return }
        certificates[index].possibleOrderUntil = now.boottime + settings.possibleOrderDelay
        certificates[index].record.possibleOrderUntil = now.wall + settings.possibleOrderDelay.seconds
        if failure.stage == .order {
            // By the wall clock as it goes now: it may have been set while the request was under way.
            let since = Moment(wall: now.wall(of: attempt.beganAsking), boottime: attempt.beganAsking)
            certificates[index].noteUnanswered(at: attempt.plan.broker, since: since, settings)
        }
    }

    /// Nothing was sent for want of a place for records, and there is one again.
    mutating func recordsStored(at now: Moment) {
        for index in certificates.indices {
            guard let failure = certificates[index].record.lastError?.failure, failure.stage == .key,
                failure.failureClass == .stateDirectoryFailed
            else { continue }
            certificates[index].retryAt = nil
            certificates[index].record.nextAttemptAt = nil
            evaluate(index, at: now)
        }
    }

    /// For the next start: the broker means all orders, not only this one.
    private mutating func notePause(
        _ index: Int, _ broker: BrokerAddress, _ failure: RenewalFailure, at now: Moment
    ) {
        certificates[index].record.pause = nil
        guard failure.failureClass == .rateLimited, let closure = brokers[broker]?.gate.closure else {
            return
        }
        certificates[index].record.pause = BrokerPause(
            broker: broker, since: now.wall, until: now.wall(of: closure.probeAt))
    }

    private mutating func noteFailure(_ index: Int, _ failure: RenewalFailure, at now: Moment) {
        let before = certificates[index].record.lastError?.failure
        let isSame = before?.failureClass == failure.failureClass && before?.stage == failure.stage
        certificates[index].repeats = isSame ? certificates[index].repeats + 1 : 1
        certificates[index].isUnchanged = false
        certificates[index].record.consecutiveFailures += 1
        certificates[index].record.lastError = RecordedError(failure: failure, at: now.wall)
        if let serial = failure.refusedSerial {
            certificates[index].record.retiresPendingKey = serial == certificates[index].record.refusedSerial
            certificates[index].record.refusedSerial = serial
        } else if failure.stage != .key {
            certificates[index].record.retiresPendingKey = false
        }
    }

    /// Nobody need wait for a wish that can't be granted; unless the certificate is due by itself, that is the end of it.
    private mutating func dropRequest(_ index: Int, at now: Moment) {
        certificates[index].record.request = certificates[index].lateRequest
        if certificates[index].isDueByItself(at: now.wall) { return }
        certificates[index].record.consecutiveFailures = 0
        certificates[index].record.backoffStep = 0
        certificates[index].record.nextAttemptAt = nil
        certificates[index].retryAt = nil
    }

    private mutating func mergeLateRequest(_ index: Int) {
        guard let late = certificates[index].lateRequest else { return }
        certificates[index].record.request = certificates[index].record.request?.merged(with: late) ?? late
    }
}
