import HTTP

/// One path of the API and what can be done with it.
struct Route: Sendable {
    let pattern: PathPattern
    let operations: [Operation]

    init(_ pattern: String, _ operations: Operation...) {
        self.pattern = PathPattern(pattern)
        self.operations = operations
    }

    /// The operation that answers this method; HEAD is answered as GET is, without the body.
    func operation(for method: Method) -> Operation? {
        operations.first { $0.method == (method == .head ? .get : method) }
    }

    /// For the Allow field.
    var methods: [String] {
        operations.flatMap { $0.method == .get ? ["GET", "HEAD"] : [$0.method.name] } + ["OPTIONS"]
    }
}

/// One method of a route.
struct Operation: Sendable {
    let method: Method
    /// The names of the query that it knows.
    let query: [String]
    /// The status of its usual answer: the series of it exists from the start.
    let success: Status
    let endpoint: any Endpoint

    static func get(_ endpoint: some Endpoint, query: [String] = []) -> Operation {
        Operation(method: .get, query: query, success: .ok, endpoint: endpoint)
    }

    static func post(_ endpoint: some Endpoint, success: Status = .accepted) -> Operation {
        Operation(method: .post, query: [], success: success, endpoint: endpoint)
    }
}
