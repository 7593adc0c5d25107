import HTTP
import HTTPServer
import Lifecycle
import POSIX

/// Keeps what was rendered from the newest snapshot, until there is one that would be rendered otherwise.
final class RenderedSnapshot: Sendable {
    enum Part: Hashable, Sendable {
        case status, certificates, metrics

        /// A document of `one` is also that of `other`. Where nothing has happened to a certificate, two snapshots
        /// share their list.
        func isSame(_ one: Snapshot, _ other: Snapshot) -> Bool {
            if one === other { return true }
            guard self != .status else { return false }
            return one.certificates.isIdentical(to: other.certificates)
        }
    }

    private let kept = Lock<[Part: SharedRendering]>([:])

    /// Answers with `part` of `snapshot`: at once when it is kept, else step by step. `begin` begins to write it,
    /// `respond` makes the answer of what was written.
    func reply(
        _ part: Part, of snapshot: Snapshot, begin: (Snapshot) -> any Rendering,
        respond: @escaping @Sendable ([SharedBytes]) -> Response
    ) -> Answer {
        let rendering = rendering(part, of: snapshot, begin)
        if let document = rendering.document { return .now(respond(document)) }
        return .stepwise(RenderedAnswer(rendering: rendering, respond: respond))
    }

    private func rendering(
        _ part: Part, of snapshot: Snapshot, _ begin: (Snapshot) -> any Rendering
    ) -> SharedRendering {
        let found = kept.withLock { $0[part] }
        if let found, part.isSame(found.snapshot, snapshot) { return found }
        let new = SharedRendering(snapshot, begin(snapshot))
        kept.withLock { $0[part] = new }
        return new
    }
}

/// A document that is being written, or is complete, for everybody who has asked for it.
private final class SharedRendering: Sendable {
    private enum Work: Sendable {
        case running(any Rendering)
        case done([SharedBytes])
    }

    // Held on to, so that its identity can't be taken by another one.
    let snapshot: Snapshot
    private let work: Lock<Work>

    init(_ snapshot: Snapshot, _ rendering: any Rendering) {
        self.snapshot = snapshot
        work = Lock(.running(rendering))
    }

    /// Nil while it is being written.
    var document: [SharedBytes]? {
        work.withLock { if case .done(let document) = $0 { document } else { nil } }
    }

    /// Writes one slice, unless all are written.
    func advance() -> [SharedBytes]? {
        work.withLock { work in
            switch consume work {
            case .done(let document):
                work = .done(document)
                return document
            case .running(var rendering):
                let document = rendering.advance()
                work = document.map(Work.done) ?? .running(rendering)
                return document
            }
        }
    }
}

/// An answer that waits for its document.
private struct RenderedAnswer: SteppedAnswer {
    let rendering: SharedRendering
    let respond: @Sendable ([SharedBytes]) -> Response

    func step() -> Response? { rendering.advance().map(respond) }
}

extension Answer {
    /// The answer with a document of its own.
    static func inSteps(
        _ document: any Rendering, respond: @escaping @Sendable ([SharedBytes]) -> Response
    ) -> Answer {
        .stepwise(OwnAnswer(document: Lock(document), respond: respond))
    }
}

/// An answer with a document that nobody else asked for.
private struct OwnAnswer: SteppedAnswer {
    let document: Lock<any Rendering>
    let respond: @Sendable ([SharedBytes]) -> Response

    func step() -> Response? { document.withLock { $0.advance() }.map(respond) }
}
