import FoundationEssentials

extension HostState {
    /// Draws from a failed attempt what it says about the way to its broker.
    mutating func steerGate(_ attempt: RunningAttempt, _ failure: RenewalFailure, at now: Moment) {
        if attempt.hasBundle { return }
        let broker = attempt.plan.broker
        if failure.failureClass.isSharedByHost {
            brokers[broker]?.lastError = RecordedError(failure: failure, at: now.wall)
            close(.unreachable, attempt, retryAfter: nil, at: now)
            return
        }
        switch failure.failureClass {
        case .stopped: if attempt.isProbe { brokers[broker]?.gate.abandonProbe() }
        case .rateLimited:
            brokers[broker]?.lastError = RecordedError(failure: failure, at: now.wall)
            close(.rateLimited, attempt, retryAfter: failure.retryAfter, at: now)
        case .brokerTimeout, .connectionLost:
            brokers[broker]?.lastError = RecordedError(failure: failure, at: now.wall)
            // Neither an answer nor a sign that nobody is there: only a probe draws a conclusion from it.
            if attempt.isProbe, let cause = brokers[broker]?.gate.closure?.cause {
                close(cause, attempt, retryAfter: nil, at: now)
            }
        case _ where failure.stage == .key || failure.stage == .csr || failure.failureClass.concernsIdentity:
            if attempt.isProbe { brokers[broker]?.gate.abandonProbe() }
        default:
            if failure.stage == .order {
                brokers[broker]?.lastError = RecordedError(failure: failure, at: now.wall)
            }
            brokerAnswered(attempt, at: now)
        }
    }

    /// A broker answered, whatever it said: orders may go to it. An attempt says so once: what closed the gate since then
    /// is newer than its answer.
    mutating func brokerAnswered(_ attempt: RunningAttempt, at now: Moment) {
        if attempt.hasBundle { return }
        let wereAllClosed = brokers.areAllClosed
        guard brokers[attempt.plan.broker]?.gate.open(byProbe: attempt.isProbe) == true else { return }
        emit(.report(wereAllClosed ? .ordersResumed : .brokerResumed(attempt.plan.broker)))
        evaluateAll(at: now)
    }

    mutating func brokerExchanged(_ exchange: BrokerExchange, at now: Moment) {
        let code = exchange.status.map(String.init) ?? "error"
        brokerRequests[exchange.endpoint, default: [:]][code, default: 0] += 1
        counters.brokerRequestDuration.observe(exchange.took)
        if let time = exchange.time { hear(time, at: now) }
        guard let status = exchange.status else { return }
        brokers[exchange.broker]?.lastContactAt = now.wall
        let isOrder = exchange.endpoint != BrokerExchange.healthEndpoint
        if isOrder && (200..<300).contains(status) { brokers[exchange.broker]?.lastSuccessAt = now.wall }
    }

    private mutating func close(
        _ cause: BrokerGate.Cause, _ attempt: RunningAttempt, retryAfter: Duration?, at now: Moment
    ) {
        let broker = attempt.plan.broker
        let before = brokers[broker]?.gate.closure?.cause
        let life = shortestLife(at: now.wall)
        let jitter = Double.random(in: 1 / 6...1, using: &random)
        let settings = settings
        brokers[broker]?.gate.close(cause, wasProbe: attempt.isProbe, at: now.boottime) { strikes in
            let doublings = 1 << min(strikes - 1, 20)
            let wait =
                switch cause {
                case .unreachable:
                    min(
                        settings.probeCap, settings.probeBase * doublings,
                        life.horizon.map { $0 / 10 } ?? .max)
                        * jitter
                case .rateLimited:
                    RetrySchedule.honoured(
                        retryAfter ?? min(settings.rateLimitPauseCap, settings.rateLimitPause * doublings),
                        life: life)
                }
            return max(wait, min(settings.probeBase / 6, .seconds(1)))
        }
        allDirty = true
        guard let closure = brokers[broker]?.gate.closure, closure.cause != before else { return }
        let until = now.wall(of: closure.probeAt)
        let hold: Hold =
            closure.cause == .unreachable
            ? .brokerUnreachable(nextProbeAt: until) : .rateLimited(until: until)
        emit(.report(brokers.areAllClosed ? .ordersHeld(hold) : .brokerHeld(broker, hold)))
    }

    /// After a start: a pause is of the broker's asking, and whoever restarts the agent doesn't end it. What has been
    /// tried since knows better.
    mutating func resumePauses(at now: Moment) {
        for index in certificates.indices where !certificates[index].hasAttempted {
            guard let pause = certificates[index].record.pause, pause.until > now.wall else { continue }
            // By a wrong clock no pause is longer than it was.
            let left = min(
                pause.until.timeIntervalSince(now.wall), pause.until.timeIntervalSince(pause.since))
            guard left > 0 else { continue }
            let until = min(.seconds(left), RetrySchedule.longestRetryAfter)
            brokers[pause.broker]?.gate.resumePause(until: now.boottime + until)
        }
        allDirty = true
    }

    /// Of the certificates that still live, the one nearest to its end: no pause of all may cost it its life.
    private func shortestLife(at now: Date) -> Life {
        var shortest = Life()
        // By index: a copy of each would cost more than the question.
        for index in certificates.indices {
            let life = Life(
                of: certificates[index].found?.installed, or: certificates[index].record.lifetime, at: now)
            guard let horizon = life.horizon else { continue }
            if horizon < shortest.horizon ?? .max { shortest = life }
        }
        return shortest
    }
}

extension Duration {
    /// Longer than any wait.
    static var max: Duration { .seconds(Int64.max / 4) }
}
