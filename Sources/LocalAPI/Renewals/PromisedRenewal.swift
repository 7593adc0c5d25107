import HTTP
import Lifecycle

/// A renewal, or a run of the reload command, that the engine has accepted: answered at once, or, if the client
/// prefers to wait, when it is done.
struct PromisedRenewal: Sendable {
    let record: RenewalRecord
    let joined: Bool
    let accepted: AcceptedRenewals
    let wait: Preference?

    init(_ record: RenewalRecord, joined: Bool, accepted: AcceptedRenewals, _ call: APICall) {
        self.record = record
        self.joined = joined
        self.accepted = accepted
        wait = call.mayWait ? Preference(call.request) : nil
    }

    func answer() -> Answer {
        guard let wait, wait.seconds > 0 else { return .now(response(.accepted, record)) }
        let id = record.id
        return .later(
            PendingAnswer(
                patience: wait.duration,
                outcome: { snapshot in
                    guard let now = snapshot.renewal(id), now.state.isFinal else { return nil }
                    return .whole(response(.ok, now))
                },
                unfinished: { .whole(response(.accepted, accepted.find(id, in: $0) ?? record)) }))
    }

    private func response(_ status: Status, _ record: RenewalRecord) -> Response {
        let location = Field("Location", "/v1/renewals/\(self.record.id)")
        return .json(status, fields: [location] + (wait.map { [$0.field] } ?? [])) {
            $0.object("renewal") {
                $0.members(of: record)
                $0.bool("joined", joined)
            }
        }
    }
}

extension CommandReceipt {
    /// The id of what was accepted; what was refused is thrown.
    func accepted() throws(Problem) -> (id: RenewalID, joined: Bool) {
        switch self {
        case .accepted(let id, let joined): return (id, joined)
        case .unknownCertificate: throw .unknownCertificate
        case .overBudget(let wait):
            throw Problem(
                .overBudget, "Ask again later, or with over_budget if it has to be now.",
                fields: [.retryAfter(wait)])
        case .stopping:
            throw Problem(
                .stopping, "No new work is taken. Ask again when it runs.",
                fields: [.retryAfter(.seconds(10))])
        }
    }
}
