import HTTP
import Lifecycle
import Log
import POSIX

/// `POST /v1/renew`: asks the engine for several renewals at once, which are followed under one id.
struct BatchRenewEndpoint: Endpoint {
    let board: any StatusBoard
    let commands: any CommandSink
    let accepted: AcceptedRenewals
    let log: Logger

    func reply(to call: APICall) throws(Problem) -> Answer {
        let body = try BatchBody.read(call.request)
        let snapshot = board.current()
        let names = try Self.names(body.selection, in: snapshot)
        let batch = try submit(names, body.wish)
        var attributes: LogAttributes = [
            "request": .string(call.id), "batch": .string(batch.id.text),
            "certificates": .int(batch.members.count), "refused": .int(batch.refused.count),
            "over_budget": .bool(body.wish.overBudget),
        ]
        attributes.append("reason", body.wish.reason.map { .string($0) })
        log.info("renewals requested", attributes + call.asker)
        return PromisedBatch(batch, accepted, call).answer(snapshot)
    }

    private static func names(
        _ selection: BatchBody.Selection, in snapshot: Snapshot
    ) throws(Problem) -> [CertificateName] {
        switch selection {
        case .all: return snapshot.certificates.map(\.name)
        case .due: return snapshot.certificates.filter { $0.reason != nil }.map(\.name)
        case .named(let texts):
            var names: Set<CertificateName> = []
            var unknown: [String] = []
            for text in texts {
                if let status = try? snapshot.status(named: text) {
                    names.insert(status.name)
                } else {
                    unknown.append(text)
                }
            }
            // All or nothing: who misspells one name would else wait for the others only.
            guard unknown.isEmpty else {
                let errors = unknown.prefix(100).map { "\($0.prefix(255)) is not known" }
                throw Problem(
                    .unknownCertificate, "Nothing was begun. GET /v1/certificates lists all names.",
                    errors: errors)
            }
            return names.sorted()
        }
    }

    private func submit(_ names: [CertificateName], _ wish: RenewRequest) throws(Problem) -> RenewalBatch {
        var members: [RenewalBatch.Member] = []
        var refused: [RenewalBatch.Refusal] = []
        for name in names {
            let receipt = commands.submit(.renew(name, wish))
            switch receipt {
            case .accepted(let id, _): members.append(.init(certificate: name, renewal: id))
            case .overBudget(let wait): refused.append(.init(certificate: name, retryAfter: wait))
            // Taken out of the configuration a moment ago.
            case .unknownCertificate: break
            case .stopping: _ = try receipt.accepted()
            }
        }
        if members.isEmpty, let soonest = refused.map(\.retryAfter).min() {
            throw Problem(
                .overBudget, "Ask again later, or with over_budget if it has to be now.",
                errors: refused.prefix(100).map { "\($0.certificate) has spent its order budget" },
                fields: [.retryAfter(soonest)])
        }
        return accepted.add(members, refused: refused, reason: wish.reason)
    }
}

/// A batch that was accepted: answered at once, or when all of it is done.
private final class PromisedBatch: Sendable {
    private let batch: RenewalBatch
    private let accepted: AcceptedRenewals
    private let wait: Preference?
    /// So many members from the first on were done in the snapshots before.
    private let done = Lock(0)

    init(_ batch: RenewalBatch, _ accepted: AcceptedRenewals, _ call: APICall) {
        self.batch = batch
        self.accepted = accepted
        wait = call.mayWait ? Preference(call.request) : nil
    }

    func answer(_ snapshot: Snapshot) -> Answer {
        guard let wait, wait.seconds > 0, !batch.members.isEmpty else {
            return .stepwise(course(in: snapshot))
        }
        return .later(
            PendingAnswer(
                patience: wait.duration,
                outcome: { self.isDone(in: $0) ? .stepwise(self.course(in: $0)) : nil },
                unfinished: { .stepwise(self.course(in: $0)) }))
    }

    /// What is done stays done: each look goes on where the one before came to an end.
    private func isDone(in snapshot: Snapshot) -> Bool {
        done.withLock { done in
            // Far cheaper than the index of all renewals, and the answer nearly every time.
            if let next = snapshot.renewal(batch.members[done].renewal), !next.state.isFinal { return false }
            let index = accepted.index(of: snapshot)
            while !index.advance() {}
            while batch.record(done, in: index).state.isFinal {
                if done + 1 == batch.members.count { return true }
                done += 1
            }
            return false
        }
    }

    private func course(in snapshot: Snapshot) -> BatchAnswer {
        let fields = [Field("Location", "/v1/renewals/\(batch.id)")] + (wait.map { [$0.field] } ?? [])
        return BatchAnswer(batch, in: accepted.index(of: snapshot), as: "batch") { course, slices in
            .json(course.isDone ? .ok : .accepted, fields: fields, .shared(slices))
        }
    }
}
