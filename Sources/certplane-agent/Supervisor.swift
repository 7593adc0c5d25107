import POSIX

/// The main thread's part of a run: it blocks the signals before there are threads, starts threads, and waits until
/// the process is asked to end or a thread that must not end has ended.
final class Supervisor: Sendable {
    private let signals: SignalSource
    private let ended: Bell
    private let outcome = Lock<CommandFailure?>(nil)

    init() throws(CommandFailure) {
        do {
            signals = try SignalSource([.terminate, .interrupt])
            ended = try Bell()
        } catch {
            throw CommandFailure(code: .failure, message: "the process can't be set up: \(error)")
        }
    }

    /// Starts a thread whose end is the end of the run.
    func start(
        _ name: String, _ body: @escaping @Sendable () throws(CommandFailure) -> Void
    ) throws(CommandFailure) -> Worker {
        do {
            return try Worker(name: name) { [self] in
                do throws(CommandFailure) { try body() } catch { outcome.withLock { $0 = $0 ?? error } }
                ended.ring()
            }
        } catch {
            throw CommandFailure(
                code: .failure, message: "the thread '\(name)' can't be started: \(error)",
                advice: ["See the limits of tasks and memory for this service."])
        }
    }

    /// Returns why the run should end.
    func wait() -> String {
        let (fromSignals, fromThreads) = (Poller.Token(slot: 0), Poller.Token(slot: 1))
        do {
            var poller = try Poller()
            try poller.add(signals.descriptor, fromSignals, for: .reading)
            try poller.add(ended.descriptor, fromThreads, for: .reading)
            var events: [Poller.Event] = []
            while true {
                try poller.wait(into: &events)
                if events.contains(where: { $0.token == fromThreads }) { return "its work has ended" }
                if let signal = signals.next() { return "\(signal)" }
            }
        } catch {
            // Without a poller only signals are heard; a thread that ends by itself is noticed at the next of them.
            return signals.wait().map { "\($0)" } ?? "\(error)"
        }
    }

    var failure: CommandFailure? { outcome.withLock { $0 } }
}
