import HTTP
import HTTPServer

/// The broker's answers as HTTP.
enum BrokerAnswer {
    private static let json = Field("Content-Type", "application/json")
    /// One byte more than an agent reads.
    static let tooLarge = 2 * 1024 * 1024 + 1

    static func bundle(_ body: [UInt8]) -> Response { Response(.ok, fields: [json], body: .bytes(body)) }

    static func refusal(_ refusal: OrderRefusal) -> Response {
        var fields = [json]
        if let seconds = refusal.retryAfterSeconds { fields.append(Field("Retry-After", String(seconds))) }
        return Response(
            Status(refusal.status), fields: fields, body: .bytes(BrokerMessages.failure(refusal.text)))
    }

    /// To where the request came from: a client that follows gets its certificate, and can be caught at it.
    static let redirect = Response(
        Status(307), fields: [Field("Location", BrokerEndpoint.ordersPath), json],
        body: .bytes(Array("{}\n".utf8)))

    /// Sends `body` the way `fault` would.
    static func send(_ body: [UInt8], spoiledBy fault: LabFault, _ responder: Responder) {
        switch fault {
        case .lostAnswer: responder.drop()
        case .halfClosed:
            let head =
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: \(body.count)\r\n\r\n"
            responder.respondRaw(Array(head.utf8) + body.prefix(body.count / 2), thenClose: true)
        case .truncatedJSON: responder.respond(bundle(Array(body.prefix(body.count / 2))))
        case .tooLarge:
            // White space at the end of JSON is JSON: nothing but the size is wrong.
            let padding = [UInt8](repeating: UInt8(ascii: " "), count: max(0, tooLarge - body.count))
            responder.respond(bundle(body + padding))
        default: responder.respond(bundle(body))
        }
    }
}
