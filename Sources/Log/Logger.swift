public import FoundationEssentials
import Synchronization

/// Writes events as lines. Cheap to copy and to share; a level that is off costs one atomic load.
public struct Logger: Sendable {
    private let sink: LogSink
    private let bound: LogAttributes

    public init(
        level: LogLevel = .info, format: LogFormat = .text, destination: LogDestination,
        now: @escaping @Sendable () -> Date = { Date() }
    ) {
        sink = LogSink(level: level, format: format, destination: destination, now: now)
        bound = [:]
    }

    private init(sink: LogSink, bound: LogAttributes) {
        self.sink = sink
        self.bound = bound
    }

    /// A logger of the same sink whose lines all begin with these attributes.
    public func with(_ attributes: LogAttributes) -> Logger {
        Logger(sink: sink, bound: bound + attributes)
    }

    public func debug(
        _ message: @autoclosure () -> String, _ attributes: @autoclosure () -> LogAttributes = [:]
    ) {
        log(.debug, message(), attributes())
    }

    public func info(
        _ message: @autoclosure () -> String, _ attributes: @autoclosure () -> LogAttributes = [:]
    ) {
        log(.info, message(), attributes())
    }

    public func warn(
        _ message: @autoclosure () -> String, _ attributes: @autoclosure () -> LogAttributes = [:]
    ) {
        log(.warn, message(), attributes())
    }

    public func error(
        _ message: @autoclosure () -> String, _ attributes: @autoclosure () -> LogAttributes = [:]
    ) {
        log(.error, message(), attributes())
    }

    /// Nothing is evaluated while the level is off.
    public func log(
        _ level: LogLevel, _ message: @autoclosure () -> String,
        _ attributes: @autoclosure () -> LogAttributes = [:]
    ) {
        guard isOn(level) else { return }
        sink.write(level, message(), bound + attributes())
    }

    public func isOn(_ level: LogLevel) -> Bool { level >= self.level }

    /// From which level on lines are written.
    public var level: LogLevel { sink.level }

    /// Changes level and format of this logger and of all its copies: a reload of the configuration.
    public func adopt(level: LogLevel, format: LogFormat) { sink.adopt(level: level, format: format) }
}

/// What all copies of a logger share.
private final class LogSink: Sendable {
    private let threshold: Atomic<Int>
    private let writesJSON: Atomic<Bool>
    private let destination: LogDestination
    private let goesToJournal: Bool
    private let now: @Sendable () -> Date

    init(level: LogLevel, format: LogFormat, destination: LogDestination, now: @escaping @Sendable () -> Date)
    {
        threshold = Atomic(level.rawValue)
        writesJSON = Atomic(format == .json)
        self.destination = destination
        goesToJournal = destination.isJournal
        self.now = now
    }

    var level: LogLevel { LogLevel(rawValue: threshold.load(ordering: .relaxed)) ?? .info }

    func adopt(level: LogLevel, format: LogFormat) {
        threshold.store(level.rawValue, ordering: .relaxed)
        writesJSON.store(format == .json, ordering: .relaxed)
    }

    func write(_ level: LogLevel, _ message: String, _ attributes: LogAttributes) {
        let format: LogFormat = writesJSON.load(ordering: .relaxed) ? .json : .text
        let time = format == .text && goesToJournal ? nil : now()
        let record = LogRecord(time: time, level: level, message: message, attributes: attributes)
        destination.write((goesToJournal ? level.journalMark : "") + record.line(as: format))
    }
}
