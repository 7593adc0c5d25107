import POSIX

/// The main thread's part of a run: it blocks the signals before there are threads, starts threads, and waits until
/// the process is asked to end or a thread that must not end has ended.
final class Supervisor: Sendable {
    private let signals: SignalSource
    private let ended: Bell
    private let outcome = Lock<CommandFailure?>(nil)

    init() throws(CommandFailure) {
        do {
            signals = try SignalSource([.terminate, .interrupt, .hangup])
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

    /// Returns why the run should end. `hungUp` is called for each SIGHUP, which doesn't end it. `turn` is called
    /// before each wait, also after a ring of `news`, and says when it wants to be called again at the latest.
    func wait(news: Bell, turn: () -> Duration?, hungUp: () -> Void) -> String {
        let (fromSignals, fromThreads) = (Poller.Token(slot: 0), Poller.Token(slot: 1))
        let fromNews = Poller.Token(slot: 2)
        do {
            var poller = try Poller()
            try poller.add(signals.descriptor, fromSignals, for: .reading)
            try poller.add(ended.descriptor, fromThreads, for: .reading)
            // Where nobody is told, news don't wake anybody.
            if turn() != nil { try poller.add(news.descriptor, fromNews, for: .reading) }
            var events: [Poller.Event] = []
            while true {
                try poller.wait(until: turn(), into: &events)
                if events.contains(where: { $0.token == fromNews }) { news.hear() }
                if events.contains(where: { $0.token == fromThreads }) { return "its work has ended" }
                switch signals.next() {
                case .hangup: hungUp()
                case let signal?: return "\(signal)"
                case nil: break
                }
            }
        } catch {
            // Without a poller only signals are heard; a thread that ends by itself is noticed at the next of them.
            while let signal = signals.wait() {
                if signal != .hangup { return "\(signal)" }
                hungUp()
            }
            return "\(error)"
        }
    }

    var failure: CommandFailure? { outcome.withLock { $0 } }
}
