public import Configuration
import POSIX

/// What the configuration in force wants of the local API, told to whoever runs it.
public final class WantedAPI: Sendable {
    private struct State: Sendable {
        var settings: APISettings
        var isClosed = false
    }

    public enum News: Sendable {
        case changed(APISettings)
        /// The deadline has passed.
        case none
        /// There will be none any more.
        case closed
    }

    private let state: Monitor<State>

    init(_ settings: APISettings) { state = Monitor(State(settings: settings)) }

    public var settings: APISettings { state.change { $0.settings } }

    /// Waits until something else than `known` is wanted; `deadline` is a point of the boottime clock.
    public func news(since known: APISettings, until deadline: Duration?) -> News {
        let news = state.wait(until: deadline) { state -> News? in
            if state.isClosed { return .closed }
            return state.settings == known ? nil : .changed(state.settings)
        }
        return news ?? .none
    }

    func change(to settings: APISettings) { state.change { $0.settings = settings } }

    /// Ends every wait, now and from now on.
    public func close() { state.change { $0.isClosed = true } }
}
