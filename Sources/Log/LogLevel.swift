/// How much a line matters. Ordered: a logger writes its own level and everything above.
public enum LogLevel: Int, Sendable, Comparable, CaseIterable {
    case debug, info, warn, error

    /// From the word in the configuration, in any case.
    public init?(word: String) {
        guard let level = Self.allCases.first(where: { $0.word == word.lowercased() }) else { return nil }
        self = level
    }

    /// The word in the configuration.
    public var word: String { label.lowercased() }

    /// The word in a log line.
    public var label: String {
        switch self {
        case .debug: "DEBUG"
        case .info: "INFO"
        case .warn: "WARN"
        case .error: "ERROR"
        }
    }

    /// What the journal takes for the line's priority (sd-daemon(3)), and removes.
    var journalMark: String {
        switch self {
        case .debug: "<7>"
        case .info: "<6>"
        case .warn: "<4>"
        case .error: "<3>"
        }
    }

    public static func < (left: LogLevel, right: LogLevel) -> Bool { left.rawValue < right.rawValue }
}

/// How a line is written.
public enum LogFormat: String, Sendable, CaseIterable {
    /// logfmt: `time=… level=INFO msg="certificate installed" certificate=web`
    case text
    /// One JSON object a line.
    case json
}
