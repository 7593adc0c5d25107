import FoundationEssentials

extension HostState {
    /// Writes what somebody asked for, and what is reported, into the histories of the certificates concerned.
    mutating func noteHistory(of input: Input, at now: Moment) {
        switch input {
        case .requested(let name, let id, let request):
            var entry = HistoryEntry(.requested, at: now.wall, detail: request.reason)
            entry.renewal = id
            note(entry, name)
        case .reloadRequested(let name, let id):
            var entry = HistoryEntry(.reloadRequested, at: now.wall)
            entry.renewal = id
            note(entry, name)
        default: break
        }
        for case .report(let event) in actions { note(event, at: now.wall) }
    }

    private mutating func note(_ event: Event, at now: Date) {
        switch event {
        case .attemptStarted(let name, _, let reason):
            guard let index = indexes[name] else { return }
            certificates[index].history.underWay = (certificates[index].attempt?.plan.id, reason)
        case .certificateInstalled(let name, _, let report):
            var entry = HistoryEntry(.installed, at: now)
            entry.serial = report.certificate.serial
            entry.notAfter = report.certificate.notAfter
            noteOutcome(entry, name)
        case .certificateUnchanged(let name, let serial):
            var entry = HistoryEntry(.unchanged, at: now)
            entry.serial = serial
            noteOutcome(entry, name)
        case .attemptFailed(let name, _, let failure, _, _):
            noteOutcome(HistoryEntry(.failed, at: now, failure), name)
        case .rebuilt(let name, let outputs):
            let names = outputs.map(\.rawValue).sorted().joined(separator: ", ")
            note(HistoryEntry(.rebuilt, at: now, detail: names), name)
        case .rebuildFailed(let name, let failure):
            note(HistoryEntry(.rebuildFailed, at: now, failure), name)
        case .reloadCompleted(let names, _):
            for name in names { note(HistoryEntry(.reloaded, at: now), name) }
        case .reloadFailed(let names, let failure, _, _):
            for name in names { note(HistoryEntry(.reloadFailed, at: now, failure), name) }
        case .budgetSpent(let name, let orders, let limit, _):
            let detail = "\(orders) orders in seven days, \(limit) are its budget"
            note(HistoryEntry(.budgetSpent, at: now, detail: detail), name)
        default: break
        }
    }

    /// An outcome says which renewal it ended, and why that was made.
    private mutating func noteOutcome(_ entry: HistoryEntry, _ name: CertificateName) {
        guard let index = indexes[name] else { return }
        var entry = entry
        entry.renewal = certificates[index].history.underWay?.renewal
        entry.reason = certificates[index].history.underWay?.reason
        note(entry, name)
    }

    private mutating func note(_ entry: HistoryEntry, _ name: CertificateName) {
        guard let index = indexes[name] else { return }
        certificates[index].history.add(entry)
        markDirty(index)
    }
}
