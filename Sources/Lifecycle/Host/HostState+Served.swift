import FoundationEssentials

extension CertificateLifecycle {
    /// Whether what is served is of interest now. While a reload is owed it is known to be the old certificate, unless
    /// its run has just ended: then the reload ends with that look, also of a certificate that is to go.
    var wantsServedLook: Bool {
        guard wanted.verify != nil, believed?.installed != nil, !served.isLooking else { return false }
        return served.reloadTook != nil || (record.reload == nil && attempt == nil && !isDeparting)
    }

    var verifyPlan: VerifyPlan? {
        guard let target = wanted.verify, let installed = believed?.installed else { return nil }
        return VerifyPlan(
            name: name, target: target, sha256: installed.sha256, keyType: installed.keyType)
    }
}

extension HostState {
    /// The pace of looks while something is wrong with what is served.
    private static let soon: Duration = .seconds(60)

    /// Begins the look at what is served, if it is time.
    mutating func lookAtServed(_ index: Int, at now: Moment) {
        // First what most have not: each other question copies a lifecycle.
        guard certificates[index].wanted.verify != nil, !isStopping, certificates[index].wantsServedLook,
            certificates[index].served.nextLookAt ?? .zero <= now.boottime,
            let plan = certificates[index].verifyPlan
        else { return }
        certificates[index].served.isLooking = true
        emit(.verify(plan))
    }

    /// The command ended well; whether its service has the new certificate is seen, not believed.
    mutating func awaitServed(_ index: Int, _ took: Duration, at now: Moment) {
        certificates[index].served.reloadTook = took
        certificates[index].served.nextLookAt = now.boottime
        for id in certificates[index].reload.renewalsInRun {
            ledger.update(id) {
                if let last = $0.steps.indices.last { $0.steps[last].took = took }
                $0.steps.append(RenewalStep(stage: .verify, startedAt: now.wall))
            }
        }
    }

    mutating func served(
        _ name: CertificateName, _ sha256: String, _ observation: ServedObservation, at now: Moment
    ) {
        guard let index = indexes[name], certificates[index].served.isLooking else { return }
        certificates[index].served.isLooking = false
        let isStale =
            certificates[index].served.isLookingElsewhere
            || certificates[index].believed?.installed?.sha256 != sha256
        certificates[index].served.isLookingElsewhere = false
        let tookOfReload = certificates[index].served.reloadTook
        certificates[index].served.reloadTook = nil

        if observation != .stopped && !isStale { note(observation, index, at: now) }
        certificates[index].served.nextLookAt = now.boottime + (isStale ? .zero : pause(index, observation))
        if let took = tookOfReload {
            judgeReload(index, observation, isStale: isStale, took: took, at: now)
            persist(index)
        } else if case .differs = observation, !isStale, certificates[index].wanted.reload != nil,
            certificates[index].record.reload == nil
        {
            oweReload(index, gather: false, at: now)
            persist(index)
        }
        evaluate(index, at: now)
        dismissDeparted(at: now)
    }

    private mutating func note(_ observation: ServedObservation, _ index: Int, at now: Moment) {
        let wasKnown = certificates[index].served.observation != nil
        guard certificates[index].served.take(observation, at: now.wall) else { return }
        if observation == .matches && !wasKnown { return }
        emit(.report(.servedChanged(certificates[index].name, observation)))
    }

    private func pause(_ index: Int, _ observation: ServedObservation) -> Duration {
        let interval = certificates[index].wanted.verify?.interval ?? Self.soon
        return observation == .matches ? interval : min(interval, Self.soon)
    }

    /// What a service that can't be asked has read nobody knows; its command said that it went well.
    private mutating func judgeReload(
        _ index: Int, _ observation: ServedObservation, isStale: Bool, took: Duration, at now: Moment
    ) {
        let inRun = now.boottime - certificates[index].reload.startedAt - took
        certificates[index].reload.isRunning = false
        switch observation {
        case .differs(let serial) where !isStale:
            let failure = RenewalFailure(
                stage: .verify, .servedMismatch,
                detail: "the reload command ended well, but the certificate with serial \(serial) is served")
            reloadFailed(index, failure, inRun, at: now)
            let debt = certificates[index].record.reload ?? ReloadDebt(since: now.wall)
            emit(
                .report(
                    .reloadFailed(
                        [certificates[index].name], failure, nextAttemptAt: debt.nextAttemptAt,
                        attempts: debt.attempts)))
        case .stopped:
            let failure = RenewalFailure(
                stage: .verify, .stopped, detail: "the agent stops before it could see what is served")
            reloadFailed(index, failure, inRun, at: now)
        case .matches, .differs, .unreachable:
            reloadSucceeded(index, inRun, at: now)
        }
    }
}
