import HTTP

/// All routes, sorted by path.
struct RouteTable: Sendable {
    /// The number of a route that was found in the table, and what its named parts are.
    struct Match {
        let number: Int
        let parameters: [String: String]
    }

    let routes: [Route]
    /// The paths without a named part, as they are written when nothing in them is percent-encoded.
    private let literals: [(path: [UInt8], number: Int)]

    init(routes: [Route]) {
        self.routes = routes
        literals = routes.enumerated().compactMap { number, route in
            route.pattern.isLiteral ? (Array(route.pattern.description.utf8), number) : nil
        }
    }

    /// The route of a path as it came; nil if there is none, or the path can't be decoded.
    func match(_ request: Request) -> Match? {
        for index in literals.indices where request.hasPath(literals[index].path) {
            return Match(number: literals[index].number, parameters: [:])
        }
        return request.target.segments.flatMap(match)
    }

    private func match(_ segments: [String]) -> Match? {
        for (number, route) in routes.enumerated() {
            if let parameters = route.pattern.match(segments) {
                return Match(number: number, parameters: parameters)
            }
        }
        return nil
    }

    /// What OPTIONS says of the whole server.
    var methods: [String] { Set(routes.flatMap(\.methods)).sorted() }
}
