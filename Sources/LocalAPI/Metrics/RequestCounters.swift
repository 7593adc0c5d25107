import HTTP
import HTTPServer
import Lifecycle
import POSIX

/// Counts the answers of the API. The labels are patterns, known methods and status codes, never what a client made
/// up: their number has a bound.
final class RequestCounters: Sendable {
    /// One series.
    struct Key: Hashable, Sendable {
        let route: String
        let method: String
        let code: Int
    }

    /// What the answer to a request was counted under: a route of the table, or one of two words for what has none.
    enum Place {
        static let unmatched = -1
        static let unparsed = -2
    }

    struct Counts: Sendable {
        var requests: [Key: Int] = [:]
        var duration = DurationHistogram(bounds: [
            0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 1, 10,
        ])
    }

    /// The usual answers of all operations are counted in an array, by route and method, without a look into the
    /// dictionary of the others.
    private struct Tally {
        var routes: [String] = []
        /// 0 where there is no such operation.
        var usualCodes: [Int] = []
        var usual: [Int] = []
        var others = Counts()

        func route(_ place: Int) -> String {
            switch place {
            case Place.unparsed: "unparsed"
            case routes.indices: routes[place]
            default: "unmatched"
            }
        }
    }

    private let tally = Lock(Tally())

    /// Makes a series of each operation's usual answer.
    func begin(with table: RouteTable) {
        tally.withLock { tally in
            tally.routes = table.routes.map(\.pattern.description)
            tally.usualCodes = table.routes.flatMap { route in
                Method.numbered.map { method in
                    route.operations.first { $0.method == method }?.success.code ?? 0
                }
            }
            tally.usual = [Int](repeating: 0, count: tally.usualCodes.count)
        }
    }

    func current() -> Counts {
        let tally = tally.withLock { $0 }
        var all = tally.others
        for (slot, code) in tally.usualCodes.enumerated() where code != 0 {
            let (route, method) = slot.quotientAndRemainder(dividingBy: Method.numbered.count)
            let key = Key(route: tally.routes[route], method: Method.numbered[method].name, code: code)
            all.requests[key, default: 0] += tally.usual[slot]
        }
        return all
    }

    /// `place` is the number of the route in the table, or a word for what has none. `method` is the number of the
    /// request's method, if it has one.
    func count(_ exchange: AnsweredExchange, method: Int?, at place: Int) {
        let code = exchange.status.code
        tally.withLock { tally in
            tally.others.duration.observe(nanoseconds: exchange.nanoseconds)
            if let method, place >= 0 {
                let slot = place * Method.numbered.count + method
                if tally.usualCodes[slot] == code {
                    tally.usual[slot] += 1
                    return
                }
            }
            let name = method.map { Method.numbered[$0].name } ?? "other"
            tally.others.requests[Key(route: tally.route(place), method: name, code: code), default: 0] += 1
        }
    }
}
