import HTTP

/// All routes, sorted by path.
struct RouteTable: Sendable {
    let routes: [Route]

    func match(_ segments: [String]) -> (route: Route, parameters: [String: String])? {
        for route in routes {
            if let parameters = route.pattern.match(segments) { return (route, parameters) }
        }
        return nil
    }

    /// What OPTIONS says of the whole server.
    var methods: [String] { Set(routes.flatMap(\.methods)).sorted() }

    /// The path of a request as its series are labelled: a pattern, or one of two words for what has none.
    func label(of request: Request?) -> String {
        guard let request else { return "unparsed" }
        guard let segments = request.target.segments, let found = match(segments) else { return "unmatched" }
        return found.route.pattern.description
    }
}
