import Lifecycle

/// One thing that `check` has to say.
public struct Finding: Sendable, Equatable, Encodable {
    public enum Severity: String, Sendable, Encodable {
        /// As it should be.
        case ok
        /// Not there yet, or worth knowing; nothing to be ashamed of.
        case notice
        /// The agent will run, but not well.
        case warning
        /// Something can't work.
        case problem
    }

    public var severity: Severity
    /// What it is about: a key of the configuration, or a path.
    public var subject: String
    /// On one line: it may quote a file that somebody else has written.
    public let message: String
    /// What a person should do; nil when nothing.
    public var advice: String?

    public init(_ severity: Severity, _ subject: String, _ message: String, advice: String? = nil) {
        self.severity = severity
        self.subject = subject
        self.message = Printable.line(message, limit: 1500)
        self.advice = advice
    }
}
