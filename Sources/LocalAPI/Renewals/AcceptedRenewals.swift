import FoundationEssentials
import Lifecycle
import POSIX

/// What was promised to clients: renewals that no snapshot shows yet, so that the `Location` of a 202 leads
/// somewhere from its first instant, and batches, which only the API knows.
final class AcceptedRenewals: Sendable {
    private static let most = 64
    /// Members of all batches together; the oldest batch is forgotten first, the newest never.
    private static let mostMembers = 20_000
    /// In this time the engine has published, or it stands still and `/healthz` says so.
    private static let longest: TimeInterval = 60

    private struct Kept: Sendable {
        var records: [RenewalRecord] = []
        /// Oldest first.
        var batches: [RenewalBatch] = []
        var issuedBatches = 0
        /// Of the newest snapshot that anybody looked for a batch in.
        var index: RenewalIndex?
    }

    private let kept = Lock(Kept())
    private let run: String
    private let now: @Sendable () -> Date

    /// - Parameter run: sets the batches of one run apart from those of another.
    init(run: String, now: @escaping @Sendable () -> Date) {
        self.run = run
        self.now = now
    }

    /// What can be said of a renewal, or of a run of the reload command, that the engine has just accepted.
    func add(
        _ id: RenewalID, _ name: CertificateName, _ kind: RenewalRecord.Kind, reason: String?,
        to snapshot: Snapshot
    ) -> RenewalRecord {
        if let known = find(id, in: snapshot) { return known }
        var record = RenewalRecord(
            id: id, certificate: name, kind: kind, isForced: true, requestedAt: now())
        record.requestReason = reason
        let added = record
        kept.withLock {
            $0.records.removeAll { snapshot.renewal($0.id) != nil }
            $0.records = $0.records.suffix(Self.most - 1) + [added]
        }
        return record
    }

    func find(_ id: RenewalID, in snapshot: Snapshot) -> RenewalRecord? {
        if let known = snapshot.renewal(id) { return known }
        let oldest = now() - Self.longest
        return kept.withLock { kept in
            kept.records.last { $0.id == id && $0.requestedAt > oldest }
                ?? kept.batches.last { $0.requestedAt > oldest && $0.hasMember(id) }?.promise(of: id)
        }
    }

    /// Keeps a batch, and gives it its id.
    func add(_ members: [RenewalBatch.Member], refused: [RenewalBatch.Refusal], reason: String?)
        -> RenewalBatch
    {
        let requestedAt = now()
        return kept.withLock { kept in
            kept.issuedBatches += 1
            let batch = RenewalBatch(
                id: RenewalID("batch-\(run)-\(kept.issuedBatches)"), requestedAt: requestedAt,
                requestReason: reason, members: members, refused: refused)
            kept.batches.append(batch)
            while kept.batches.count > 1,
                kept.batches.count > Self.most
                    || kept.batches.reduce(0, { $0 + $1.members.count }) > Self.mostMembers
            {
                kept.batches.removeFirst()
            }
            return batch
        }
    }

    /// The index of a snapshot, for all who need it.
    func index(of snapshot: Snapshot) -> RenewalIndex {
        kept.withLock { kept in
            if let index = kept.index, index.snapshot === snapshot { return index }
            let index = RenewalIndex(snapshot)
            kept.index = index
            return index
        }
    }

    func batch(_ id: RenewalID) -> RenewalBatch? {
        kept.withLock { $0.batches.last { $0.id == id } }
    }
}
