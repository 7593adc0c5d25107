import HTTP
import HTTPServer
import Lifecycle
import POSIX

/// Counts the answers of the API. The labels are patterns, known methods and status codes, never what a client made
/// up: their number has a bound.
final class RequestCounters: Sendable {
    struct Key: Hashable, Sendable {
        let route: String
        let method: String
        let code: Int
    }

    struct Counts: Sendable {
        var requests: [Key: Int] = [:]
        var duration = DurationHistogram(bounds: [
            0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 1, 10,
        ])
    }

    private let counts = Lock(Counts())

    func current() -> Counts { counts.withLock { $0 } }

    /// Makes a series of each operation's usual answer.
    func begin(with table: RouteTable) {
        counts.withLock { counts in
            for route in table.routes {
                for operation in route.operations {
                    let key = Key(
                        route: route.pattern.description, method: operation.method.name,
                        code: operation.success.code)
                    counts.requests[key] = 0
                }
            }
        }
    }

    func count(_ exchange: AnsweredExchange, route: String) {
        let key = Key(route: route, method: Self.label(of: exchange.request), code: exchange.status.code)
        counts.withLock {
            $0.requests[key, default: 0] += 1
            $0.duration.observe(exchange.duration)
        }
    }

    private static func label(of request: Request?) -> String {
        switch request?.method {
        case .other, nil: "other"
        case let method?: method.name
        }
    }
}
