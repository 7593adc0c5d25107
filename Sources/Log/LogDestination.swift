import POSIX

/// Where lines go.
public enum LogDestination: Sendable {
    case standardError
    case standardOutput
    /// Into memory, for tests.
    case capture(LogCapture)

    /// Whether whoever reads the lines adds the time by itself.
    var isJournal: Bool {
        switch self {
        case .standardError: JournalStream.receives(.error)
        case .standardOutput: JournalStream.receives(.output)
        case .capture(let capture): capture.standsForJournal
        }
    }

    /// One `write(2)` for the line, so that lines of several threads don't mix. A log that can't be written
    /// must not stop the agent: failures are dropped.
    func write(_ line: String) {
        switch self {
        case .standardError: StandardStream.error.write(line)
        case .standardOutput: StandardStream.output.write(line)
        case .capture(let capture): capture.append(line)
        }
    }
}

/// The lines that a logger has written, for tests.
public final class LogCapture: Sendable {
    private let kept = Lock<[String]>([])
    let standsForJournal: Bool

    /// - Parameter standingForJournal: lines are written as for the journal.
    public init(standingForJournal: Bool = false) { standsForJournal = standingForJournal }

    /// In the order of writing, without their line feeds.
    public var lines: [String] { kept.withLock { $0 } }

    func append(_ line: String) {
        kept.withLock { $0.append(String(line.dropLast())) }
    }
}
