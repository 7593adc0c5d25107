import CPOSIX
import Glibc

/// Tells systemd how the service is (sd_notify). Does nothing where nobody asked to be told.
public struct ServiceNotifier: Sendable {
    private let socketPath: String?
    /// How often `watchdog()` is expected; nil if it isn't.
    public let watchdogInterval: Duration?

    public init(environment: [String: String] = Environment.all()) {
        socketPath = environment["NOTIFY_SOCKET"].flatMap { $0.isEmpty ? nil : $0 }
        let isMeant = environment["WATCHDOG_PID"].map { Int32($0) == getpid() } ?? true
        let microseconds = environment["WATCHDOG_USEC"].flatMap { Int64($0) } ?? 0
        watchdogInterval = isMeant && microseconds > 0 ? .microseconds(microseconds) : nil
    }

    public var isListenedTo: Bool { socketPath != nil }

    public func ready() throws(SystemError) { try notify("READY=1") }
    public func stopping() throws(SystemError) { try notify("STOPPING=1") }
    public func watchdog() throws(SystemError) { try notify("WATCHDOG=1") }

    /// In words, for `systemctl status`. Line breaks become spaces: each line is a message of its own.
    public func status(_ words: String) throws(SystemError) {
        try notify("STATUS=" + String(decoding: words.utf8.map { $0 < 0x20 ? 0x20 : $0 }, as: UTF8.self))
    }

    /// Asks that the present phase, start or stop, may go on for so long from now.
    public func extendTimeout(_ duration: Duration) throws(SystemError) {
        try notify("EXTEND_TIMEOUT_USEC=\(Int64(max(.zero, duration) / .microseconds(1)))")
    }

    private func notify(_ message: String) throws(SystemError) {
        guard let socketPath else { return }
        let bytes = Array(message.utf8)
        try system("sendto", socketPath) {
            unsafe cposix_send_datagram(socketPath, socketPath.utf8.count, bytes, bytes.count)
        }
    }
}
