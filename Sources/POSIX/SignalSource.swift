import CPOSIX

/// Signals as something to read. Made before any thread starts: threads inherit that the signals are blocked, and one
/// that didn't would get them in the old way.
public struct SignalSource: ~Copyable, Sendable {
    /// Readable while a signal is pending: for a `Poller`.
    public let descriptor: FileDescriptor

    public init(_ signals: [Signal]) throws(SystemError) {
        let numbers = signals.map(\.rawValue)
        let count = Int32(numbers.count)
        try system("sigprocmask") { unsafe cposix_block_signals(numbers, count) }
        let raw = try system("signalfd") { unsafe cposix_signal_descriptor(numbers, count) }
        descriptor = FileDescriptor(owning: raw)
    }

    /// The next pending signal, nil if there is none.
    public func next() -> Signal? {
        guard case .success(let number) = attempt({ cposix_next_signal(descriptor.rawValue) }) else {
            return nil
        }
        return Signal(rawValue: number)
    }

    /// Waits for a signal, no longer than to the boottime deadline.
    public func wait(until deadline: Duration? = nil) -> Signal? {
        while true {
            if let signal = next() { return signal }
            guard let slice = Clock.slice(until: deadline) else { return nil }
            _ = attempt { cposix_wait_readable(descriptor.rawValue, slice) }
        }
    }
}
