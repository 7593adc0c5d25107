import Lifecycle

extension JSONWriter {
    /// Renewals that were asked for together, with each of them, in an object or in its member of this name.
    static func batch(
        _ batch: RenewalBatch, _ course: BatchCourse, in index: RenewalIndex, as name: String?
    ) -> SlicedDocument<JSONWriter> {
        SlicedDocument(
            JSONWriter(), about: batch.members.count,
            [
                .init(begin: {
                    $0.beginObject()
                    if let name { $0.beginObject(name) }
                    $0.members(of: batch, course)
                    $0.beginArray("renewals")
                }) { writer, place in
                    writer.object { $0.members(of: batch.record(place, in: index)) }
                },
                .init(
                    begin: {
                        $0.endArray()
                        $0.beginArray("refused")
                    }, count: batch.refused.count
                ) { writer, place in
                    writer.object { $0.members(of: batch.refused[place]) }
                },
                .init(begin: {
                    $0.endArray()
                    if name != nil { $0.endObject() }
                    $0.endObject()
                    $0.bytes.append(UInt8(ascii: "\n"))
                }),
            ])
    }

    private mutating func members(of batch: RenewalBatch, _ course: BatchCourse) {
        string("id", batch.id.text)
        string("kind", "batch")
        string("state", course.state(batch).rawValue)
        bool("done", course.isDone)
        string("request_reason", batch.requestReason)
        time("requested_at", batch.requestedAt)
        time("ended_at", course.endedAt(batch))
        object("counts") { writer in
            for state in RenewalRecord.State.allCases {
                writer.integer(state.rawValue, course.counts[state] ?? 0)
            }
        }
    }

    private mutating func members(of refusal: RenewalBatch.Refusal) {
        string("certificate", refusal.certificate.text)
        string("type", ProblemType.overBudget.uri)
        seconds("retry_after_seconds", refusal.retryAfter)
    }
}
