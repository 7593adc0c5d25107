import FoundationEssentials

/// Files that go from one certificate to another: one gets another name, or two change places. What was begun for the
/// files before goes on, and until it has ended nobody else begins anything with them: two installs would mix their
/// files, and two orders would be made for one certificate.
extension HostState {
    /// Works out which files are being changed for a wish that is in force no more.
    mutating func noteOccupied() {
        occupied = [:]
        for index in certificates.indices {
            guard let outputs = certificates[index].outputsInWork,
                certificates[index].isDeparting || outputs != certificates[index].wanted.outputs
            else { continue }
            for path in outputs.paths { occupied[path] = certificates[index].name }
        }
    }

    /// Who is still changing files of this certificate for an earlier wish.
    func occupant(of index: Int) -> CertificateName? {
        occupied.isEmpty ? nil : occupant(of: certificates[index])
    }

    func occupant(of certificate: CertificateLifecycle) -> CertificateName? {
        if occupied.isEmpty { return nil }
        return certificate.wanted.outputs.paths.lazy.compactMap { occupied[$0] }
            .first { $0 != certificate.name }
    }

    /// Work for an earlier wish may have ended: who waited for it looks at what it has left.
    mutating func releaseOccupied(at now: Moment) {
        if occupied.isEmpty { return }
        let held = certificates.indices.filter { occupant(of: $0) != nil }
        noteOccupied()
        for index in held where occupant(of: index) == nil {
            certificates[index].doubt(at: now.boottime)
            evaluate(index, at: now)
        }
    }

    /// To whom files belong now that a certificate has worked on; nil if they are still its own, or nobody's.
    func successor(of index: Int, to outputs: OutputPaths) -> Int? {
        guard certificates[index].isDeparting || certificates[index].wanted.outputs != outputs else {
            return nil
        }
        let others = certificates.indices.lazy.filter { $0 != index && !self.certificates[$0].isDeparting }
        if let heir = others.first(where: { self.certificates[$0].wanted.outputs == outputs }) { return heir }
        // Who has kept some of them needs no successor.
        let paths = Set(outputs.paths)
        let shares = { (wanted: OutputPaths) in wanted.paths.contains(where: paths.contains) }
        if !certificates[index].isDeparting, shares(certificates[index].wanted.outputs) { return nil }
        return others.first { shares(self.certificates[$0].wanted.outputs) }
    }

    /// The attempt of a certificate that goes has ended: what is known of it is of use to who has its files now.
    mutating func bequeath(_ index: Int, _ outputs: OutputPaths) {
        guard certificates[index].isDeparting, let heir = successor(of: index, to: outputs) else { return }
        certificates[heir].takeOverOrders(of: certificates[index])
        certificates[heir].reload.renewals += certificates[index].reload.renewals
        certificates[index].reload.renewals = []
        certificates[index].record.reload = nil
        persist(heir)
    }

    /// The certificates that had other files' place before, by each of these files.
    func predecessors(of wanted: [ManagedCertificate]) -> [String: Predecessor] {
        if certificates.isEmpty { return [:] }
        let wishes = Dictionary(wanted.map { ($0.name, $0.outputs) }) { first, _ in first }
        var predecessors: [String: Predecessor] = [:]
        for certificate in certificates {
            let wish = wishes[certificate.name]
            let outputs = certificate.outputsInWork ?? certificate.wanted.outputs
            if wish == outputs { continue }
            for path in outputs.paths {
                // Of several who had them one after the other, the one at work knows most.
                if let known = predecessors[path], known.certificate.attempt != nil { continue }
                predecessors[path] = Predecessor(certificate: certificate, isGone: wish == nil)
            }
        }
        return predecessors
    }

    /// What is known of files whose certificate went, or got others, while it was in no configuration or no agent ran, by
    /// the place of these files.
    func displaced(by wanted: [ManagedCertificate]) -> [Int: Displaced] {
        if records.isEmpty { return [:] }
        let places = Dictionary(wanted.map { ($0.name, $0.outputs.place) }) { first, _ in first }
        var displaced: [Int: Displaced] = [:]
        for (name, record) in records {
            guard let place = record.place, places[name] != place else { continue }
            // Of several who had them one after the other, the last one knows most.
            if let known = displaced[place],
                (known.record.unmanagedSince ?? .distantFuture)
                    >= (record.unmanagedSince ?? .distantFuture)
            {
                continue
            }
            displaced[place] = Displaced(name: name, record: record, isGone: places[name] == nil)
        }
        return displaced
    }

    struct Displaced {
        var name: CertificateName
        var record: CertificateRecord
        /// It is in no configuration.
        var isGone: Bool

        /// Whether it had the files after the one that wants them now, of which this is known.
        func knowsMore(than heir: CertificateRecord?, of outputs: OutputPaths) -> Bool {
            guard let heir else { return true }
            if let place = heir.place, place != outputs.place { return true }
            guard let since = heir.unmanagedSince else { return false }
            return record.unmanagedSince ?? .distantFuture > since
        }
    }

    struct Predecessor {
        var certificate: CertificateLifecycle
        /// It is in the configuration no more, and not only elsewhere.
        var isGone: Bool

        func hand(to heir: inout CertificateLifecycle, at now: Moment) {
            heir.takeOverService(of: certificate, at: now)
            if isGone { heir.takeOverOrders(of: certificate) }
        }
    }
}

extension CertificateLifecycle {
    /// Names that a pending key is looked for under.
    private static let mostNames = 4

    /// The files that work under way changes.
    var outputsInWork: OutputPaths? { attempt?.plan.certificate.outputs ?? rebuilding }

    /// The service of these files still has to be told of them, whatever the agent calls their certificate.
    mutating func takeOverService(of predecessor: CertificateLifecycle, at now: Moment) {
        // Some of its files are elsewhere, and others not.
        if predecessor.name == name { return }
        isRecorded = isRecorded || predecessor.isRecorded
        record.reloadedSerial = predecessor.record.reloadedSerial
        guard wanted.reload != nil, record.reload == nil, let debt = predecessor.record.reload else {
            if let since = predecessor.record.reload?.since ?? predecessor.record.dormantReloadSince {
                owe(since: since, at: now)
            }
            return
        }
        record.reload = debt
        // A wait is for the command that failed.
        reload.retryAt = wanted.reload == predecessor.wanted.reload ? predecessor.reload.retryAt : nil
    }

    /// The same, where only its record is known.
    mutating func takeOverService(of displaced: HostState.Displaced, at now: Moment) {
        isRecorded = true
        record.reloadedSerial = displaced.record.reloadedSerial
        if displaced.isGone { noteFormerNames([displaced.name] + (displaced.record.formerNames ?? [])) }
        guard let since = displaced.record.reload?.since ?? displaced.record.dormantReloadSince else {
            return
        }
        owe(since: since, at: now)
    }

    /// The newest first.
    private mutating func noteFormerNames(_ names: [CertificateName]) {
        var all: [CertificateName] = []
        for former in names + (record.formerNames ?? []) where former != name && !all.contains(former) {
            all.append(former)
        }
        record.formerNames = all.isEmpty ? nil : Array(all.prefix(Self.mostNames))
    }

    /// The one that had these files is gone. If this one asks for the same, the orders, the failures and the waits of that
    /// one are its own.
    mutating func takeOverOrders(of predecessor: CertificateLifecycle) {
        if attempt != nil { return }
        let other = predecessor.record
        let isSame =
            wanted.dnsNames == predecessor.wanted.dnsNames && wanted.profile == predecessor.wanted.profile
        // While that one is at work the record says so for the next process too, should this one die.
        record.attemptUnderWaySince = isSame ? other.attemptUnderWaySince : nil
        record.attemptUnderWayAt = isSame ? other.attemptUnderWayAt : nil
        record.attemptOrigin = isSame ? other.attemptOrigin : nil
        if !isSame { return }
        record.orders.formUnion(other.orders)
        record.lifetime = record.lifetime ?? other.lifetime
        record.lastSuccessAt = [record.lastSuccessAt, other.lastSuccessAt].compactMap(\.self).max()
        record.possibleOrderUntil =
            [record.possibleOrderUntil, other.possibleOrderUntil].compactMap(\.self).max()
        possibleOrderUntil = [possibleOrderUntil, predecessor.possibleOrderUntil].compactMap(\.self).max()
        guard other.lastAttemptAt ?? .distantPast >= record.lastAttemptAt ?? .distantPast else { return }
        hasAttempted = hasAttempted || predecessor.hasAttempted
        record.lastAttemptAt = other.lastAttemptAt
        record.consecutiveFailures = other.consecutiveFailures
        record.backoffStep = other.backoffStep
        record.lastError = other.lastError
        record.pause = other.pause
        record.nextAttemptAt = other.nextAttemptAt
        retryAt = predecessor.retryAt
        record.unansweredOrder = other.unansweredOrder
        record.formerNames = nil
        noteFormerNames([predecessor.name] + (other.formerNames ?? []))
        record.refusedSerial = other.refusedSerial
        record.retiresPendingKey = other.retiresPendingKey
        sameBrokerUntil = predecessor.sameBrokerUntil
    }
}
