import Lifecycle

extension JSONWriter {
    /// The course of one renewal or reload.
    mutating func members(of record: RenewalRecord) {
        string("id", record.id.text)
        strings("joined_ids", record.joined.map(\.text))
        string("certificate", record.certificate.text)
        string("kind", record.kind.rawValue)
        string("state", record.state.rawValue)
        bool("done", record.state.isFinal)
        string("reason", record.reason?.rawValue)
        string("request_reason", record.requestReason)
        bool("forced", record.isForced)
        time("requested_at", record.requestedAt)
        time("started_at", record.startedAt)
        time("ended_at", record.endedAt)
        array("steps", of: record.steps) { writer, step in
            writer.object {
                $0.string("stage", step.stage.rawValue)
                $0.time("started_at", step.startedAt)
                $0.seconds("duration_seconds", step.took)
            }
        }
        string("serial", record.serial)
        object("failure", record.failure) { $0.members(of: $1) }
        time("next_attempt_at", record.nextAttemptAt)
        strings("warnings", record.warnings)
    }
}
