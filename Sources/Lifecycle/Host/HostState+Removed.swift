import FoundationEssentials

/// Records of certificates that are in no configuration any more.
extension HostState {
    /// Begins to count the time of those that were taken out while no agent ran.
    mutating func noteRemoved(at now: Moment) {
        for (name, record) in records {
            // A time to come is that of a clock that was wrong.
            if let since = record.unmanagedSince, since <= now.wall {
                considerForgetting(since)
            } else {
                keepRecord(record, of: name, since: now.wall)
            }
        }
    }

    /// Keeps the record for as long as it may be wanted again.
    mutating func keepRecord(_ record: CertificateRecord, of name: CertificateName, since: Date) {
        var record = record
        record.unmanagedSince = since
        records[name] = record
        emit(.persist(name, record))
        considerForgetting(since)
    }

    private mutating func considerForgetting(_ since: Date) {
        let end = since + settings.recordRetention.seconds
        forgetsAt = min(forgetsAt ?? end, end)
    }

    /// Lets go of those whose time is over.
    mutating func forgetRecords(at now: Moment) {
        guard let end = forgetsAt, end <= now.wall else { return }
        forgetsAt = nil
        for (name, record) in records.sorted(by: { $0.key < $1.key }) {
            guard let since = record.unmanagedSince else { continue }
            if since + settings.recordRetention.seconds <= now.wall {
                records[name] = nil
                emit(.forget(name))
            } else {
                considerForgetting(since)
            }
        }
    }
}
