import HTTP
import Lifecycle
import Log

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
        return PromisedBatch(batch, call).answer(board)
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
private struct PromisedBatch: Sendable {
    let batch: RenewalBatch
    let wait: Preference?

    init(_ batch: RenewalBatch, _ call: APICall) {
        self.batch = batch
        wait = call.mayWait ? Preference(call.request) : nil
    }

    func answer(_ board: any StatusBoard) -> Answer {
        let course = BatchCourse(batch, in: board.current())
        if course.isDone { return .now(response(.ok, course)) }
        guard let wait, wait.seconds > 0 else { return .now(response(.accepted, course)) }
        return .later(
            PendingAnswer(
                patience: wait.duration,
                outcome: { snapshot in
                    // Far cheaper than the whole course, and at once an answer as long as the batch is young.
                    if let first = snapshot.renewal(batch.members[0].renewal), !first.state.isFinal {
                        return nil
                    }
                    let course = BatchCourse(batch, in: snapshot)
                    return course.isDone ? response(.ok, course) : nil
                },
                unfinished: { response(.accepted, BatchCourse(batch, in: $0)) }))
    }

    private func response(_ status: Status, _ course: BatchCourse) -> Response {
        let location = Field("Location", "/v1/renewals/\(batch.id)")
        return .json(status, fields: [location] + (wait.map { [$0.field] } ?? [])) {
            $0.object("batch") { $0.members(of: course) }
        }
    }
}
