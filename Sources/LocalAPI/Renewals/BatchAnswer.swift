import HTTP
import HTTPServer
import Lifecycle
import POSIX

/// The course of a batch, judged and then written a slice of its members at a time: what becomes of the whole stands
/// before them.
final class BatchAnswer: SteppedAnswer {
    private enum Work: Sendable {
        case indexing
        /// So many members are judged.
        case judging(Int, BatchCourse)
        case writing(BatchCourse, any Rendering)
    }

    private let batch: RenewalBatch
    private let index: RenewalIndex
    /// The member of the document that the course is in; the document itself without one.
    private let name: String?
    private let respond: @Sendable (BatchCourse, [SharedBytes]) -> Response
    private let work = Lock(Work.indexing)

    init(
        _ batch: RenewalBatch, in index: RenewalIndex, as name: String? = nil,
        respond: @escaping @Sendable (BatchCourse, [SharedBytes]) -> Response
    ) {
        self.batch = batch
        self.index = index
        self.name = name
        self.respond = respond
    }

    func step() -> Response? {
        work.withLock { work in
            switch consume work {
            case .indexing:
                work = index.advance() ? .judging(0, BatchCourse()) : .indexing
                return nil
            case .judging(let done, let course):
                work = judge(from: done, course)
                return nil
            case .writing(let course, var document):
                let slices = document.advance()
                work = .writing(course, document)
                return slices.map { respond(course, $0) }
            }
        }
    }

    private func judge(from start: Int, _ course: BatchCourse) -> Work {
        let end = min(start + SliceLimits.items, batch.members.count)
        var course = course
        for place in start..<end { course.take(batch.record(place, in: index)) }
        if end < batch.members.count { return .judging(end, course) }
        return .writing(course, JSONWriter.batch(batch, course, in: index, as: name))
    }
}
