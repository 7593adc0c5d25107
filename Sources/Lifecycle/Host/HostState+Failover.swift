import FoundationEssentials

extension HostState {
    /// When nothing could be sent to a broker, the same attempt asks the next one that may be asked. Returns whether it
    /// does.
    ///
    /// Only then: a request that was sent may have been granted, and a second one elsewhere would be a second order.
    mutating func goesOnElsewhere(
        _ index: Int, _ attempt: RunningAttempt, _ failure: RenewalFailure, at now: Moment
    ) -> Bool {
        let certificate = certificates[index]
        guard failure.failureClass.isSharedByHost, !failure.isPossibleOrder, !isStopping,
            !certificate.isDeparting, attempt.plan.certificate == certificate.wanted,
            certificate.boundBroker(at: now.boottime) == nil
        else { return false }
        let passedOver = attempt.passedOver + [attempt.plan.broker]
        let untried = candidates(for: certificate, at: now).filter { !passedOver.contains($0) }
        guard let choice = brokers.choice(of: untried, at: now.boottime) else { return false }
        if choice.isProbe { brokers[choice.broker]?.gate.beginProbe() }
        var plan = attempt.plan
        plan.broker = choice.broker
        certificates[index].attempt?.plan = plan
        certificates[index].attempt?.isProbe = choice.isProbe
        certificates[index].attempt?.identity = identity.facts?.serial
        certificates[index].attempt?.beganAsking = now.boottime
        certificates[index].attempt?.passedOver = passedOver
        certificates[index].attempt?.stage = nil
        watchFiles(index, for: settings.installPatience, at: now)
        certificates[index].record.attemptUnderWaySince = now.wall
        certificates[index].record.attemptUnderWayAt = choice.broker
        persist(index)
        emit(
            .report(
                .brokerFailedOver(
                    certificate.name, from: attempt.plan.broker, to: choice.broker, failure)))
        emit(.startAttempt(plan))
        evaluate(index, at: now)
        return true
    }
}
