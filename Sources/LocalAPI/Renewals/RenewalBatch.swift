import FoundationEssentials
import Lifecycle

/// Renewals that were asked for together.
struct RenewalBatch: Sendable {
    struct Member: Sendable {
        let certificate: CertificateName
        let renewal: RenewalID
    }

    /// A certificate whose order budget is spent.
    struct Refusal: Sendable {
        let certificate: CertificateName
        let retryAfter: Duration
    }

    enum State: String, Sendable, CaseIterable {
        case running, succeeded, failed
    }

    let id: RenewalID
    let requestedAt: Date
    let requestReason: String?
    let members: [Member]
    let refused: [Refusal]

    func hasMember(_ id: RenewalID) -> Bool { members.contains { $0.renewal == id } }

    /// What can be said of a member that no snapshot shows yet.
    func promise(of id: RenewalID) -> RenewalRecord? {
        members.first { $0.renewal == id }.map { promise(of: $0) }
    }

    /// How the member of this place stands.
    func record(_ place: Int, in index: RenewalIndex) -> RenewalRecord {
        let member = members[place]
        return index.record(member.renewal) ?? forgotten(member, in: index.snapshot)
    }

    private func promise(of member: Member) -> RenewalRecord {
        var record = RenewalRecord(
            id: member.renewal, certificate: member.certificate, kind: .renewal, isForced: true,
            requestedAt: requestedAt)
        record.requestReason = requestReason
        return record
    }

    /// A member that the snapshot doesn't show: not yet, or no more. What came of it then is told by its certificate.
    private func forgotten(_ member: Member, in snapshot: Snapshot) -> RenewalRecord {
        var record = promise(of: member)
        if snapshot.takenAt <= requestedAt { return record }
        guard let status = snapshot.certificate(member.certificate) else {
            record.state = .abandoned
            return record
        }
        if let success = status.lastSuccessAt, success >= requestedAt {
            record.state = .succeeded
            record.endedAt = success
            record.serial = status.installed?.serial
        } else if let error = status.lastError, error.at >= requestedAt {
            record.state = .failed
            record.endedAt = error.at
            record.failure = error.failure
        }
        return record
    }
}

/// What its members make of a batch.
struct BatchCourse: Sendable {
    private(set) var counts: [RenewalRecord.State: Int] = [:]
    private(set) var isDone = true
    private var isWell = true
    private var lastEnd: Date?

    mutating func take(_ record: RenewalRecord) {
        counts[record.state, default: 0] += 1
        if !record.state.isFinal { isDone = false }
        if record.state != .succeeded, record.state != .unchanged { isWell = false }
        lastEnd = [lastEnd, record.endedAt].compactMap(\.self).max()
    }

    func endedAt(_ batch: RenewalBatch) -> Date? {
        isDone ? lastEnd ?? batch.requestedAt : nil
    }

    func state(_ batch: RenewalBatch) -> RenewalBatch.State {
        if !isDone { return .running }
        return isWell && batch.refused.isEmpty ? .succeeded : .failed
    }
}
