import FoundationEssentials
import Lifecycle
import POSIX

/// Renewals that were promised to a client and that no snapshot shows yet, so that the `Location` of a 202 leads
/// somewhere from its first instant.
final class AcceptedRenewals: Sendable {
    private static let most = 64
    /// In this time the engine has published, or it stands still and `/healthz` says so.
    private static let longest: TimeInterval = 60

    private let records = Lock<[RenewalRecord]>([])
    private let now: @Sendable () -> Date

    init(now: @escaping @Sendable () -> Date) { self.now = now }

    /// What can be said of a renewal that the engine has just accepted.
    func add(
        _ id: RenewalID, _ name: CertificateName, _ wish: RenewRequest, to snapshot: Snapshot
    ) -> RenewalRecord {
        if let known = find(id, in: snapshot) { return known }
        var record = RenewalRecord(
            id: id, certificate: name, kind: .renewal, isForced: true, requestedAt: now())
        record.requestReason = wish.reason
        let added = record
        records.withLock {
            $0.removeAll { snapshot.renewal($0.id) != nil }
            $0 = $0.suffix(Self.most - 1) + [added]
        }
        return record
    }

    func find(_ id: RenewalID, in snapshot: Snapshot) -> RenewalRecord? {
        if let known = snapshot.renewal(id) { return known }
        let oldest = now() - Self.longest
        return records.withLock { $0.last { $0.id == id && $0.requestedAt > oldest } }
    }
}
