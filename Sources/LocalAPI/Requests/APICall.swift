import HTTP
import HTTPServer
import Lifecycle

/// A request that has passed the guards and found its route.
struct APICall: Sendable {
    let request: Request
    let peer: Peer
    /// The name of its answer.
    let requestID: RequestID
    let roomToWait: RoomToWait
    /// The named parts of the path, decoded.
    let parameters: [String: String]
    /// Decoded, known to the operation, each name once.
    let query: [String: String]

    /// What the answer's `X-Request-Id` says.
    var id: String { requestID.description }

    /// There is room for one more answer that waits.
    var mayWait: Bool { roomToWait == .free }

    func parameter(_ name: String) -> String { parameters[name] ?? "" }
}

/// Answers one operation, without waiting itself.
protocol Endpoint: Sendable {
    func reply(to call: APICall) throws(Problem) -> Answer
}

/// An endpoint that says the same whatever the request says, and so needn't see it.
protocol PlainEndpoint: AnyObject, Endpoint {
    func answer() throws(Problem) -> Response
}

extension PlainEndpoint {
    func reply(to call: APICall) throws(Problem) -> Answer { .now(try answer()) }
}

/// What an endpoint says.
enum Answer: Sendable {
    case now(Response)
    /// Made step by step, while others are served.
    case stepwise(any SteppedAnswer)
    /// Only where `APICall.mayWait` holds.
    case later(PendingAnswer)
    /// Also where there is only room in reserve.
    case laterInReserve(PendingAnswer)
}

/// An endpoint that answers from what is at hand.
protocol PromptEndpoint: Endpoint {
    func answer(_ call: APICall) throws(Problem) -> Response
}

extension PromptEndpoint {
    func reply(to call: APICall) throws(Problem) -> Answer { .now(try answer(call)) }
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
