import CPOSIX
import Glibc

/// A signal by its number.
public struct Signal: RawRepresentable, Hashable, Sendable {
    public let rawValue: Int32

    public init(rawValue: Int32) {
        self.rawValue = rawValue
    }

    public static let hangup = Signal(rawValue: SIGHUP)
    public static let interrupt = Signal(rawValue: SIGINT)
    public static let quit = Signal(rawValue: SIGQUIT)
    public static let kill = Signal(rawValue: SIGKILL)
    public static let user1 = Signal(rawValue: SIGUSR1)
    public static let user2 = Signal(rawValue: SIGUSR2)
    public static let terminate = Signal(rawValue: SIGTERM)
    public static let pipe = Signal(rawValue: SIGPIPE)

    /// From now on the signal does nothing to this process. Children get the default back.
    public func ignore() throws(SystemError) {
        try system("sigaction") { cposix_ignore_signal(rawValue) }
    }
}

extension Signal: CustomStringConvertible {
    /// `SIGTERM`
    public var description: String {
        guard let name = unsafe cposix_signal_name(rawValue) else { return "signal \(rawValue)" }
        return unsafe "SIG\(String(cString: name))"
    }
}
