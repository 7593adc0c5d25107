import HTTP
import Lifecycle

/// Why a request is refused, in words for the client: no secret, and nothing of the inside.
struct Problem: Error {
    let type: ProblemType
    let detail: String
    /// Each fault by itself, where there can be several.
    var errors: [String] = []
    /// Where a configuration is wrong.
    var faults: [ConfigurationFault] = []
    /// Further fields of the answer: `Allow`, `Retry-After`, `WWW-Authenticate`.
    var fields: [Field] = []

    init(_ type: ProblemType, _ detail: String, errors: [String] = [], fields: [Field] = []) {
        self.type = type
        self.detail = detail
        self.errors = errors
        self.fields = fields
    }

    init(_ reason: RefusedRequest) {
        self.init(ProblemType(reason), reason.title)
    }

    /// The problem document (RFC 9457). `instance` is the path that was asked for, without its query.
    func response(instance: String?) -> Response {
        let body = JSONWriter.document {
            $0.string("type", type.uri)
            $0.string("title", type.title)
            $0.integer("status", type.status.code)
            $0.string("detail", detail)
            if let instance { $0.string("instance", instance) }
            if !errors.isEmpty { $0.strings("errors", errors) }
            if !faults.isEmpty { $0.faults(faults) }
        }
        let contentType = Field("Content-Type", "application/problem+json")
        return Response(type.status, fields: [contentType] + fields, body: .bytes(body))
    }
}

extension Field {
    /// Whole seconds, rounded up: never early.
    static func retryAfter(_ wait: Duration) -> Field {
        let (seconds, attoseconds) = wait.components
        return Field("Retry-After", "\(max(0, attoseconds > 0 ? seconds + 1 : seconds))")
    }
}
