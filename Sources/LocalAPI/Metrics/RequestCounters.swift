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
        /// In the order in which they are written.
        let requests: [(labels: MetricLabels, count: Int)]
        let duration: DurationHistogram
    }

    /// A series whose labels are written already.
    private struct Series {
        let key: Key
        let labels: MetricLabels
        /// Its place among the usual answers.
        let slot: Int?

        init(_ key: Key, slot: Int? = nil) {
            self.key = key
            self.slot = slot
            labels = ["route": key.route, "method": key.method, "code": "\(key.code)"]
        }
    }

    /// The usual answers of all operations are counted in an array, by route and method, without a look into the
    /// dictionary of the others.
    private struct Tally {
        var routes: [String] = []
        /// 0 where there is no such operation.
        var usualCodes: [Int] = []
        var usual: [Int] = []
        var others: [Key: Int] = [:]
        var duration = DurationHistogram(bounds: [
            0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 1, 10,
        ])
        /// All series, sorted; nil when one has come since they were.
        var series: [Series]?

        func route(_ place: Int) -> String {
            switch place {
            case Place.unparsed: "unparsed"
            case routes.indices: routes[place]
            default: "unmatched"
            }
        }

        /// A scrape finds the series as the one before has left them: there are many, and few come later.
        mutating func sorted() -> [Series] {
            if let series { return series }
            var all = others.keys.map { Series($0) }
            for (slot, code) in usualCodes.enumerated() where code != 0 {
                let (route, method) = slot.quotientAndRemainder(dividingBy: Method.numbered.count)
                let key = Key(route: routes[route], method: Method.numbered[method].name, code: code)
                all.append(Series(key, slot: slot))
            }
            all.sort {
                ($0.key.route, $0.key.method, $0.key.code) < ($1.key.route, $1.key.method, $1.key.code)
            }
            series = all
            return all
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
            tally.series = nil
        }
    }

    func current() -> Counts {
        tally.withLock { tally in
            let requests = tally.sorted().map { series in
                (series.labels, series.slot.map { tally.usual[$0] } ?? tally.others[series.key] ?? 0)
            }
            return Counts(requests: requests, duration: tally.duration)
        }
    }

    /// `place` is the number of the route in the table, or a word for what has none. `method` is the number of the
    /// request's method, if it has one.
    func count(_ exchange: AnsweredExchange, method: Int?, at place: Int) {
        let code = exchange.status.code
        tally.withLock { tally in
            tally.duration.observe(nanoseconds: exchange.nanoseconds)
            if let method, place >= 0 {
                let slot = place * Method.numbered.count + method
                if tally.usualCodes[slot] == code {
                    tally.usual[slot] += 1
                    return
                }
            }
            let name = method.map { Method.numbered[$0].name } ?? "other"
            let key = Key(route: tally.route(place), method: name, code: code)
            if tally.others.updateValue(tally.others[key, default: 0] + 1, forKey: key) == nil {
                tally.series = nil
            }
        }
    }
}
