import HTTP
import HTTPServer

/// A request that has passed the guards and found its route.
struct APICall: Sendable {
    let request: Request
    let peer: Peer
    /// What the answer's `X-Request-Id` says.
    let id: String
    /// The named parts of the path, decoded.
    let parameters: [String: String]
    /// Decoded, known to the operation, each name once.
    let query: [String: String]

    func parameter(_ name: String) -> String { parameters[name] ?? "" }
}

/// Answers one operation from what is at hand, without waiting.
protocol Endpoint: Sendable {
    func answer(_ call: APICall) throws(Problem) -> Response
}

extension Response {
    static func json(_ status: Status, fields: [Field] = [], _ body: Body) -> Response {
        Response(status, fields: [Field("Content-Type", "application/json")] + fields, body: body)
    }

    static func json(
        _ status: Status, fields: [Field] = [], _ members: (inout JSONWriter) -> Void
    ) -> Response {
        json(status, fields: fields, .bytes(JSONWriter.document(members)))
    }
}
