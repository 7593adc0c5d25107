/// What happened to one certificate since the start, the newest of it.
struct CertificateHistory: Sendable {
    static let capacity = 32

    /// Oldest first.
    private(set) var entries: [HistoryEntry] = []
    /// The attempt that the next outcome belongs to.
    var underWay: (renewal: RenewalID?, reason: RenewalReason)?

    mutating func add(_ entry: HistoryEntry) {
        guard let last = entries.last, last.isRepeated(by: entry) else {
            if entries.count == Self.capacity { entries.removeFirst() }
            return entries.append(entry)
        }
        var merged = entry
        merged.count = last.count + 1
        merged.firstAt = last.firstAt
        entries[entries.count - 1] = merged
    }
}
