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

    /// How each member stands, in the order of `members`.
    func records(in snapshot: Snapshot) -> [RenewalRecord] {
        var known: [RenewalID: Int] = [:]
        known.reserveCapacity(snapshot.renewals.count)
        for (index, record) in snapshot.renewals.enumerated() {
            known[record.id] = index
            for id in record.joined { known[id] = index }
        }
        return members.map { member in
            if let index = known[member.renewal] { return snapshot.renewals[index] }
            return forgotten(member, in: snapshot)
        }
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

/// A batch as it stands at one moment.
struct BatchCourse: Sendable {
    let batch: RenewalBatch
    let records: [RenewalRecord]

    init(_ batch: RenewalBatch, in snapshot: Snapshot) {
        self.batch = batch
        records = batch.records(in: snapshot)
    }

    var isDone: Bool { records.allSatisfy(\.state.isFinal) }

    var endedAt: Date? {
        isDone ? records.compactMap(\.endedAt).max() ?? batch.requestedAt : nil
    }

    var state: RenewalBatch.State {
        if !isDone { return .running }
        let isWell = records.allSatisfy { $0.state == .succeeded || $0.state == .unchanged }
        return isWell && batch.refused.isEmpty ? .succeeded : .failed
    }
}
