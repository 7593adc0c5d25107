public import Configuration
import POSIX

/// What the configuration in force wants of the local API, told to whoever runs it.
public final class WantedAPI: Sendable {
    /// What one reading of the configuration wants; that of another reading is another wish, also if it wants the same.
    public struct Wish: Sendable {
        public var settings: APISettings
        fileprivate var number = 0
    }

    private struct State: Sendable {
        var wish: Wish
        var isClosed = false
    }

    public enum News: Sendable {
        case wished(Wish)
        /// The deadline has passed.
        case none
        /// There will be none any more.
        case closed
    }

    private let state: Monitor<State>

    init(_ settings: APISettings) { state = Monitor(State(wish: Wish(settings: settings))) }

    public var wish: Wish { state.change { $0.wish } }
    public var settings: APISettings { wish.settings }

    /// Waits until there is a wish after `known`; `deadline` is a point of the boottime clock.
    public func news(since known: Wish, until deadline: Duration?) -> News {
        let news = state.wait(until: deadline) { state -> News? in
            if state.isClosed { return .closed }
            return state.wish.number == known.number ? nil : .wished(state.wish)
        }
        return news ?? .none
    }

    func change(to settings: APISettings) {
        state.change { $0.wish = Wish(settings: settings, number: $0.wish.number + 1) }
    }

    /// Ends every wait, now and from now on.
    public func close() { state.change { $0.isClosed = true } }
}
