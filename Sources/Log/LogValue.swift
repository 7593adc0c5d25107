public import FoundationEssentials

/// What an attribute can hold. The cases are the whole list on purpose: there is no way in for a type that
/// merely describes itself, so key material and tokens, which have types of their own, can't be logged.
public enum LogValue: Sendable, Equatable {
    case string(String)
    case int(Int)
    case double(Double)
    case bool(Bool)
    /// Written in UTC, to the second.
    case date(Date)
    /// Written as Go writes it: `7h59m58.5s`.
    case duration(Duration)
    case list([String])
}

extension LogValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral {
    public init(stringLiteral value: String) { self = .string(value) }
    public init(integerLiteral value: Int) { self = .int(value) }
    public init(booleanLiteral value: Bool) { self = .bool(value) }
}

/// The attributes of a line, in the order in which they are written.
public struct LogAttributes: Sendable, Equatable, ExpressibleByDictionaryLiteral {
    public private(set) var pairs: [Pair]

    public struct Pair: Sendable, Equatable {
        public let key: String
        public let value: LogValue
    }

    public init(dictionaryLiteral elements: (String, LogValue)...) {
        pairs = elements.map { Pair(key: $0.0, value: $0.1) }
    }

    /// The first value of that key.
    public subscript(key: String) -> LogValue? { pairs.first { $0.key == key }?.value }

    /// Adds an attribute at the end; nothing when `value` is nil.
    public mutating func append(_ key: String, _ value: LogValue?) {
        if let value { pairs.append(Pair(key: key, value: value)) }
    }

    public static func + (left: LogAttributes, right: LogAttributes) -> LogAttributes {
        var sum = left
        sum.pairs += right.pairs
        return sum
    }
}

/// One event, before it is a line.
public struct LogRecord: Sendable, Equatable {
    /// Nil when whoever reads the line knows the time: the journal.
    public var time: Date?
    public var level: LogLevel
    public var message: String
    public var attributes: LogAttributes

    public init(time: Date?, level: LogLevel, message: String, attributes: LogAttributes = [:]) {
        self.time = time
        self.level = level
        self.message = message
        self.attributes = attributes
    }
}
