import FoundationEssentials

extension HostState {
    /// Puts a configuration in force. What it doesn't change goes on undisturbed; what it removes ends what is under way.
    mutating func configure(_ wanted: [ManagedCertificate], _ settings: LifecycleSettings, at now: Moment) {
        let identityChanged = settings.identityName != self.settings.identityName
        if settings.identitySource != self.settings.identitySource { identity.retryAt = nil }
        self.settings = settings
        let isFirst = !isConfigured
        isConfigured = true

        // References are sorted, and not what becomes of them, which is large.
        var next: [CertificateLifecycle] = []
        next.reserveCapacity(wanted.count)
        var names: Set<CertificateName> = []
        let predecessors = predecessors(of: wanted)
        let displaced = displaced(by: wanted)
        let looseRecord = looseRecord(beside: wanted, at: now)
        for wish in wanted.sorted(by: { $0.name < $1.name }) where names.insert(wish.name).inserted {
            let predecessor =
                predecessors.isEmpty ? nil : wish.outputs.paths.lazy.compactMap { predecessors[$0] }.first
            if let index = indexes[wish.name] {
                var certificate = adapted(
                    certificates[index], to: wish, after: predecessor, identityChanged: identityChanged,
                    at: now)
                if predecessor == nil, certificate.wanted.outputs != certificates[index].wanted.outputs,
                    let former = displaced[wish.outputs.place]
                {
                    certificate.takeOverService(of: former, at: now)
                    emit(.persist(wish.name, certificate.record))
                }
                next.append(certificate)
            } else {
                next.append(
                    restored(
                        wish, after: predecessor, predecessor == nil ? looseRecord : nil,
                        predecessor == nil ? displaced[wish.outputs.place] : nil, at: now))
            }
        }
        // A name that is in use again is another certificate's, and so is its key.
        for index in next.indices where next[index].record.formerNames != nil {
            next[index].record.formerNames?.removeAll { names.contains($0) }
        }
        for known in certificates where !names.contains(known.name) {
            var removed = known
            removed.isDeparting = true
            if removed.isWindingUp(at: now) { next.append(removed) } else { retire(removed, at: now) }
        }
        noteRemoved(at: now)
        // An empty dictionary keeps the room of a full one.
        if records.isEmpty { records = [:] }
        if next.count > names.count { next.sort { $0.name < $1.name } }
        // With whom they clash may be what was changed. To look for it again costs no order.
        for index in next.indices where next[index].sharesOutputs {
            next[index].retryAt = nil
            next[index].record.nextAttemptAt = nil
        }
        replaceCertificates(with: next)

        identity.apply(settings)
        identity.nextLookAt = now.boottime
        brokers.set(settings.brokers)
        // The way to a broker may be what was changed.
        brokers.forEach { $0.gate.hurry(at: now.boottime) }
        if isFirst {
            resumePauses(at: now)
            holdCutOffCommands(at: now)
        }
        ledger.capacity = max(256, 2 * certificates.count)
        evaluateAll(at: now)
    }

    /// Lets go of removed certificates that have ended what they were doing.
    mutating func dismissDeparted(at now: Moment) {
        if !hasDeparting { return }
        let departed = certificates.filter { $0.isDeparting && !$0.isWindingUp(at: now) }
        if departed.isEmpty { return }
        for certificate in departed { retire(certificate, at: now) }
        let gone = Set(departed.map(\.name))
        replaceCertificates(with: certificates.filter { !gone.contains($0.name) })
        evaluateAll(at: now)
    }

    private mutating func adapted(
        _ known: CertificateLifecycle, to wish: ManagedCertificate, after predecessor: Predecessor?,
        identityChanged: Bool, at now: Moment
    ) -> CertificateLifecycle {
        var certificate = known
        certificate.isDeparting = false
        let isElsewhere = certificate.wanted.outputs != wish.outputs
        if certificate.wanted != wish {
            if wish.reload == nil {
                // Nobody is left to be told: what waited for the reload is done.
                for id in certificate.reload.renewals { ledger.end(id, as: .succeeded, at: now.wall) }
                certificate.reload.renewals = []
            } else if wish.reload != certificate.wanted.reload {
                let isOtherCommand = wish.reload?.command != certificate.wanted.reload?.command
                certificate.turnToOtherReload(isOtherCommand: isOtherCommand, at: now)
            }
            certificate.want(wish, identity: settings.identityName, at: now)
        } else if identityChanged, let found = certificate.found {
            certificate.judge(found, identity: settings.identityName)
        }
        if isElsewhere, let predecessor { predecessor.hand(to: &certificate, at: now) }
        if certificate.isRecorded, certificate.record != known.record {
            emit(.persist(certificate.name, certificate.record))
        }
        return certificate
    }

    /// What a new certificate begins with that may be one that was taken out while no agent ran, under another name: the
    /// records don't tell of which files they are. A record that has seen no reload has the first look owe one, and one too
    /// many does no harm; the wait for an order that was cut off is short. It is stored like any other, for the records that
    /// it comes from are those of removed certificates from now on.
    private func looseRecord(beside wanted: [ManagedCertificate], at now: Moment) -> CertificateRecord? {
        let kept = records.filter { $0.value.unmanagedSince == nil }
        if kept.isEmpty { return nil }
        let names = Set(wanted.map(\.name))
        let left = kept.filter { !names.contains($0.key) }.map(\.value)
        let least = clock.leastJudged(now)
        let orders = left.compactMap { $0.possibleOrder(settings) }.filter { $0.until > least.wall }
        let order = orders.max { $0.until < $1.until }
        if order == nil && !left.contains(where: \.mayOweReload) { return nil }
        var record = CertificateRecord()
        if let order {
            record.possibleOrderUntil = order.until
            record.orders.note(at: min(order.at, now.wall))
        }
        return record
    }

    private mutating func restored(
        _ wish: ManagedCertificate, after predecessor: Predecessor?, _ looseRecord: CertificateRecord?,
        _ displaced: Displaced?, at now: Moment
    ) -> CertificateLifecycle {
        var known = records.removeValue(forKey: wish.name)
        // One that had these files all along knows more than whoever had them before.
        let former = displaced.flatMap { $0.knowsMore(than: known, of: wish.outputs) ? $0 : nil }
        if known?.unmanagedSince != nil {
            if let looseRecord { known?.takeOverPossibleOrder(of: looseRecord) }
            // Whoever had the files since then has told their service, or owes it.
            if predecessor != nil || former != nil { known?.forgetService() }
        }
        var certificate = CertificateLifecycle(wanted: wish, record: known ?? looseRecord, at: now)
        let least = clock.leastJudged(now)
        let wasRunCutOff = certificate.record.reload?.runBegunAt != nil
        certificate.noteCutOffRun(at: now, ReloadRetrySchedule(waits: settings.reloadRetries))
        certificate.restoreWaits(at: now, least: least, settings)
        let wasCutOff = certificate.record.attemptUnderWaySince != nil
        if let begun = certificate.record.attemptUnderWaySince {
            certificate.noteCutOffAttempt(begun: begun, at: now, least: least, settings)
        }
        let isBack = certificate.record.unmanagedSince.take() != nil
        predecessor?.hand(to: &certificate, at: now)
        if let former { certificate.takeOverService(of: former, at: now) }
        let inherits = certificate.isRecorded && (known == nil || predecessor != nil || former != nil)
        if wasCutOff || wasRunCutOff || isBack || inherits {
            emit(.persist(certificate.name, certificate.record))
        }
        return certificate
    }

    private mutating func retire(_ certificate: CertificateLifecycle, at now: Moment) {
        var record = certificate.record
        // That was the attempt of the one whose files it had taken on.
        record.attemptUnderWaySince = nil
        record.attemptUnderWayAt = nil
        // Whoever asked has been told that it came to nothing.
        record.request = nil
        if certificate.isRecorded { keepRecord(record, of: certificate.name, since: now.wall) }
        for id in [certificate.queuedRenewal].compactMap(\.self) + certificate.reload.renewals {
            ledger.end(id, as: .abandoned, at: now.wall)
        }
    }

    /// Indexes have changed, and with them everything that refers to them.
    private mutating func replaceCertificates(with next: [CertificateLifecycle]) {
        certificates = next
        indexes = [:]
        schedule = Schedule(count: next.count)
        queue = UrgencyQueue(count: next.count)
        reloadQueue = []
        agedCount = certificates.count(where: \.isAged)
        renewingByCommand = [:]
        hasDeparting = false
        for index in certificates.indices {
            indexes[certificates[index].name] = index
            if certificates[index].isDeparting { hasDeparting = true }
            if certificates[index].attempt != nil { countRenewing(index, 1) }
        }
        noteOccupied()
        allDirty = true
    }
}

extension CertificateRecord {
    /// A debt is noted when an install has ended; who dies in the middle of one leaves only what it set out from.
    fileprivate var mayOweReload: Bool {
        reload != nil || attemptUnderWaySince != nil || attemptOrigin != nil
    }

    fileprivate mutating func takeOverPossibleOrder(of other: CertificateRecord) {
        possibleOrderUntil = [possibleOrderUntil, other.possibleOrderUntil].compactMap(\.self).max()
        orders.formUnion(other.orders)
    }

    fileprivate mutating func forgetService() {
        reload = nil
        dormantReloadSince = nil
    }

    /// The order that a broker may be busy with, and until when at the latest.
    fileprivate func possibleOrder(_ settings: LifecycleSettings) -> (at: Date, until: Date)? {
        if let begun = attemptUnderWaySince {
            return (begun, begun + (settings.orderDeadline + settings.possibleOrderDelay).seconds)
        }
        return possibleOrderUntil.map {
            (orders.lastOrderAt ?? $0 - settings.possibleOrderDelay.seconds, $0)
        }
    }
}

extension CertificateLifecycle {
    /// The last try found that another certificate has its files too.
    fileprivate var sharesOutputs: Bool { record.lastError?.failure.failureClass == .sharedOutputs }
}
