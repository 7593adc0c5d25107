import HTTP

/// One path of the API and what can be done with it.
final class Route: Sendable {
    let pattern: PathPattern
    let operations: [Operation]

    init(_ pattern: String, _ operations: Operation...) {
        self.pattern = PathPattern(pattern)
        self.operations = operations
    }

    /// The operation that answers this method; HEAD is answered as GET is, without the body.
    func operation(for method: Method) -> Operation? {
        let number = (method == .head ? .get : method).number
        for operation in operations where operation.number == number { return operation }
        return nil
    }

    /// For the Allow field.
    var methods: [String] {
        operations.flatMap { $0.method == .get ? ["GET", "HEAD"] : [$0.method.name] } + ["OPTIONS"]
    }
}

/// One method of a route.
final class Operation: Sendable {
    let method: Method
    fileprivate let number: Int?
    /// The names of the query that it knows.
    let query: [String]
    /// The status of its usual answer: the series of it exists from the start.
    let success: Status
    let endpoint: any Endpoint
    /// The endpoint, if it needn't see the request.
    let plain: (any PlainEndpoint)?

    init(method: Method, query: [String], success: Status, endpoint: any Endpoint) {
        self.method = method
        number = method.number
        self.query = query
        self.success = success
        self.endpoint = endpoint
        plain = endpoint as? any PlainEndpoint
    }

    static func get(_ endpoint: some Endpoint, query: [String] = []) -> Operation {
        Operation(method: .get, query: query, success: .ok, endpoint: endpoint)
    }

    static func post(_ endpoint: some Endpoint, success: Status = .accepted) -> Operation {
        Operation(method: .post, query: [], success: success, endpoint: endpoint)
    }
}

extension Method {
    /// Those that have a number of their own.
    static let numbered: [Method] = [.get, .head, .post, .put, .delete, .options, .patch]

    /// The place in `numbered`; nil for a token that somebody made up.
    var number: Int? {
        switch self {
        case .get: 0
        case .head: 1
        case .post: 2
        case .put: 3
        case .delete: 4
        case .options: 5
        case .patch: 6
        case .other: nil
        }
    }
}
