import Lifecycle

extension JSONWriter {
    /// Renewals that were asked for together, with each of them.
    mutating func members(of course: BatchCourse) {
        string("id", course.batch.id.text)
        string("kind", "batch")
        string("state", course.state.rawValue)
        bool("done", course.isDone)
        string("request_reason", course.batch.requestReason)
        time("requested_at", course.batch.requestedAt)
        time("ended_at", course.endedAt)
        var counts: [RenewalRecord.State: Int] = [:]
        for record in course.records { counts[record.state, default: 0] += 1 }
        object("counts") { writer in
            for state in RenewalRecord.State.allCases { writer.integer(state.rawValue, counts[state] ?? 0) }
        }
        array("renewals", of: course.records) { writer, record in
            writer.object { $0.members(of: record) }
        }
        array("refused", of: course.batch.refused) { writer, refusal in
            writer.object {
                $0.string("certificate", refusal.certificate.text)
                $0.string("type", ProblemType.overBudget.uri)
                $0.seconds("retry_after_seconds", refusal.retryAfter)
            }
        }
    }
}
