import FoundationEssentials

/// The renewals that are open, and the newest of those that ended.
struct RenewalLedger: Sendable {
    private var open: [RenewalID: RenewalRecord] = [:]
    /// Oldest first.
    private var ended: [RenewalRecord] = []
    private var cached: [RenewalRecord]?
    private let idPrefix: String
    private var issued = 0

    /// How many ended renewals are remembered.
    var capacity = 256

    init(seed: UInt64) { idPrefix = "auto-" + String(seed & 0xffff_ffff, radix: 16) }

    /// An id for a renewal that nobody asked for.
    mutating func freshID() -> RenewalID {
        issued += 1
        return RenewalID("\(idPrefix)-\(issued)")
    }

    mutating func begin(_ record: RenewalRecord) {
        open[record.id] = record
        cached = nil
    }

    mutating func update(_ id: RenewalID, _ change: (inout RenewalRecord) -> Void) {
        guard var record = open[id] else { return }
        change(&record)
        open[id] = record
        cached = nil
    }

    mutating func end(_ id: RenewalID, as state: RenewalRecord.State, at now: Date) {
        guard var record = open.removeValue(forKey: id) else { return }
        record.state = state
        record.endedAt = now
        ended.append(record)
        // Forgetting in batches keeps the cost of each constant.
        if ended.count > capacity + capacity / 4 { ended.removeFirst(ended.count - capacity) }
        cached = nil
    }

    /// Whoever waits for the one waits for the other from now on.
    mutating func merge(_ id: RenewalID, into other: RenewalID) {
        guard id != other, open[other] != nil, let record = open.removeValue(forKey: id) else { return }
        update(other) { $0.joined += [record.id] + record.joined }
    }

    /// Whether it was open, and is no more.
    func hasEnded(_ id: RenewalID) -> Bool { ended.contains { $0.answers(to: id) } }

    /// All that is remembered: ended ones by their end, then open ones by their request.
    mutating func all() -> [RenewalRecord] {
        if let cached { return cached }
        let waiting = open.values.sorted { ($0.requestedAt, $0.id.text) < ($1.requestedAt, $1.id.text) }
        let all = Array(ended.suffix(capacity)) + waiting
        cached = all
        return all
    }
}
