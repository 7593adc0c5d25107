import FoundationEssentials

extension HostState {
    /// Starts what may start, the most urgent first.
    mutating func startAttempts(at now: Moment) {
        if queue.isEmpty || clock.holdsAll || isHeldForAll(at: now) { return }
        if brokers.areAllClosed { return startProbe(at: now) }
        if queue.isOutOfOrder(at: now.boottime) {
            queue.reorder(queue.ids.map { ($0, urgency($0, at: now)) }, at: now.boottime)
        }
        // Those whose own broker may not be asked now wait, and let others pass.
        var passed: [(id: Int, urgency: Urgency)] = []
        while runningAttempts < settings.concurrency, let next = queue.popFirst() {
            guard let choice = choice(for: next.id, at: now) else {
                passed.append(next)
                continue
            }
            // Back in its place: starting it takes it out in order.
            queue.put(next.id, next.urgency)
            _ = startAttempt(next.id, choice, at: now)
        }
        for one in passed { queue.put(one.id, one.urgency) }
    }

    /// Whether nothing at all may be ordered now, whatever broker is asked.
    private func isHeldForAll(at now: Moment) -> Bool {
        !identity.state(at: now.wall).isUsable
            || (brokers.areAllClosed && !brokers.mayProbe(at: now.boottime))
    }

    func urgency(_ index: Int, at now: Moment) -> Urgency {
        Urgency(
            isOnlyAskedFor: !certificates[index].isDueByItself(at: now.wall),
            lifeLeft: certificates[index].lifeLeft(at: now.wall))
    }

    /// The broker that a certificate's order may go to now.
    func choice(for index: Int, at now: Moment) -> (broker: BrokerAddress, isProbe: Bool)? {
        brokers.choice(of: candidates(for: certificates[index], at: now), at: now.boottime)
    }

    /// The brokers that may be asked for a certificate, in order. One that may have granted it unheard is asked alone at
    /// first, and afterwards last until it grants something.
    func candidates(for certificate: CertificateLifecycle, at now: Moment) -> [BrokerAddress] {
        let all = settings.brokers
        guard let order = certificate.record.unansweredOrder, all.contains(order.broker) else { return all }
        if certificate.boundBroker(at: now.boottime) != nil { return [order.broker] }
        // It has granted something since: it is as good as any.
        if let success = brokers[order.broker]?.lastSuccessAt,
            success > order.since + settings.sameBrokerSpan.seconds
        {
            return all
        }
        return all.filter { $0 != order.broker } + [order.broker]
    }

    /// No broker can be reached, or all asked for a pause: one attempt finds out whether that is over.
    private mutating func startProbe(at now: Moment) {
        guard runningAttempts < settings.concurrency else { return }
        // The one whose last attempt is the longest ago: it may be the certificate, not the broker, that doesn't get
        // through.
        var best: (index: Int, at: Date, choice: (broker: BrokerAddress, isProbe: Bool))?
        for index in queue.ids {
            let at = certificates[index].record.lastAttemptAt ?? .distantPast
            if let best, (best.at, best.index) <= (at, index) { continue }
            if let choice = choice(for: index, at: now) { best = (index, at, choice) }
        }
        guard let best else { return }
        // Due no more: another one may be.
        if !startAttempt(best.index, best.choice, at: now) { startProbe(at: now) }
    }

    /// Returns false, and takes the certificate out of the queue, when it is due no more: the wall clock may have been
    /// set back by too little to be noticed.
    private mutating func startAttempt(
        _ index: Int, _ choice: (broker: BrokerAddress, isProbe: Bool), at now: Moment
    ) -> Bool {
        let certificate = certificates[index]
        guard let reason = certificate.reason(at: now.wall) else {
            evaluate(index, at: now)
            return false
        }
        let request = certificate.record.request
        let id = certificate.queuedRenewal ?? beginAutomaticRenewal(of: certificate.name, at: now)
        var plan = AttemptPlan(
            id: id, certificate: certificate.wanted, broker: choice.broker, reason: reason,
            rotatesKey: rotatesKey(certificate, reason: reason, request: request),
            retiresPendingKey: certificate.record.retiresPendingKey, reloadWanted: request?.reload ?? true,
            requests: certificate.queuedRenewal.map { [$0] } ?? [], installed: certificate.found?.installed)
        plan.mendsOnly = request == nil && reason == certificate.defect
        if request == nil, certificate.mayFinishInstall {
            plan.earlierOrigin = certificate.record.attemptOrigin
        }
        plan.formerNames = certificate.record.formerNames ?? []
        ledger.update(id) {
            $0.state = .running
            $0.reason = reason
            $0.startedAt = now.wall
        }
        certificates[index].attempt = RunningAttempt(
            plan: plan, startedAt: now, isProbe: choice.isProbe,
            identity: identity.facts?.serial, beganAsking: now.boottime,
            request: request, reloadWanted: plan.reloadWanted,
            stageStartedAt: now.boottime)
        watchFiles(index, for: settings.installPatience, at: now)
        certificates[index].queuedRenewal = nil
        certificates[index].hasFreshRequest = false
        certificates[index].hasAttempted = true
        certificates[index].record.lastAttemptAt = now.wall
        if choice.isProbe { brokers[choice.broker]?.gate.beginProbe() }
        runningAttempts += 1
        countRenewing(index, 1)
        // Before anything is sent: an order whose attempt dies with the process still counts. And without a record, a
        // crash between install and reload would look like a first start.
        certificates[index].record.attemptUnderWaySince = now.wall
        certificates[index].record.attemptUnderWayAt = choice.broker
        if !certificate.mayFinishInstall || certificate.record.attemptOrigin == nil {
            certificates[index].record.attemptOrigin = AttemptOrigin(
                serial: certificate.found?.installed?.serial)
        }
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
        let isKeyUnread = if case .unreadable? = certificate.found?.key { true } else { false }
        return switch reason {
        // Whether it is no key, or only can't be read now, is for the attempt to tell.
        case .keyMismatch where isKeyUnread: !certificate.wanted.reusesKey || request?.rotateKey == true
        case .keyMissing, .keyMismatch, .keyTypeChanged: true
        // The key beside no certificate, or a torn one, is as good as it was.
        case .missing, .unreadable, .namesChanged, .incomplete, .requested, .expiring:
            !certificate.wanted.reusesKey || request?.rotateKey == true
        }
    }
}
