import FoundationEssentials
import HTTP
import HTTPServer
import Log
import PKI
import POSIX

/// step-ca's API as far as an agent speaks it. Every path also works below `/1.0`.
final class StepCAEndpoint: RequestHandler {
    private let authority: IdentityAuthority
    private let record: LabRecord

    init(_ authority: IdentityAuthority, _ record: LabRecord) {
        self.authority = authority
        self.record = record
    }

    func handle(_ request: Request, from peer: Peer, _ responder: Responder) -> Reply {
        .now(respond(to: request, identity: peer.certificate, now: Date()))
    }

    /// The answer to a request that came with a client certificate, or without.
    func respond(to request: Request, identity: Certificate?, now: Date) -> Response {
        var segments = request.target.segments ?? []
        if segments.first == "1.0" { segments.removeFirst() }
        var response: Response
        switch (segments.first, segments.count) {
        case ("health", 1): response = only(.get, request) { Self.json(.ok, StepCAMessages.health()) }
        case ("roots", 1):
            response = only(.get, request) { Self.json(.created, StepCAMessages.roots([authority.root.pem])) }
        case ("root", 2): response = only(.get, request) { root(segments[1]) }
        case ("sign", 1):
            response = only(.post, request) {
                issued("sign", now) { now throws(IdentityAuthority.Refusal) in
                    try authority.sign(request.body, now: now)
                }
            }
        case ("renew", 1):
            response = only(.post, request) {
                issued("renew", now) { now throws(IdentityAuthority.Refusal) in
                    try renewed(request, identity, now: now)
                }
            }
        case ("rekey", 1):
            response = only(.post, request) {
                issued("rekey", now) { now throws(IdentityAuthority.Refusal) in
                    guard let identity else { throw .badRequest("missing client certificate") }
                    return try authority.rekey(identity, request.body, now: now)
                }
            }
        default: response = Response(.notFound, text: "404 page not found\n")
        }
        response.fields.append(Field("X-Request-Id", record.nextRequestID()))
        return response
    }

    private func only(_ method: HTTP.Method, _ request: Request, _ answer: () -> Response) -> Response {
        guard request.method == method || (method == .get && request.method == .head) else {
            return Response(.methodNotAllowed, text: "", fields: [Field("Allow", method.name)])
        }
        return answer()
    }

    private func root(_ fingerprint: String) -> Response {
        guard fingerprint.lowercased() == authority.root.sha256 else {
            return Self.json(.notFound, StepCAMessages.failure(404, "root was not found"))
        }
        return Self.json(.ok, StepCAMessages.root(authority.root.pem))
    }

    private func renewed(
        _ request: Request, _ identity: Certificate?, now: Date
    ) throws(IdentityAuthority.Refusal) -> Certificate {
        if let identity { return try authority.renew(identity, now: now) }
        guard let authorization = request.fields["Authorization"] else {
            throw .badRequest("missing client certificate")
        }
        let words = authorization.split(separator: " ", maxSplits: 1)
        guard words.count == 2, words[0].lowercased() == "bearer" else {
            throw .badRequest("the Authorization field holds no bearer token")
        }
        return try authority.renew(token: String(words[1]), now: now)
    }

    private func issued(
        _ call: String, _ now: Date,
        _ issue: (Date) throws(IdentityAuthority.Refusal) -> Certificate
    ) -> Response {
        do throws(IdentityAuthority.Refusal) {
            let leaf = try issue(now)
            record.identityIssued(call: call, leaf)
            let body = StepCAMessages.signed(leaf: leaf.pem, intermediate: authority.intermediate.pem)
            return Self.json(.created, body)
        } catch {
            record.identityRefused(call: call, error)
            return Self.json(Status(error.status), StepCAMessages.failure(error.status, error.message))
        }
    }

    private static func json(_ status: Status, _ body: [UInt8]) -> Response {
        Response(status, fields: [Field("Content-Type", "application/json")], body: .bytes(body))
    }
}

extension IdentityAuthority.Refusal {
    var status: Int {
        switch self {
        case .badRequest: 400
        case .unauthorized: 401
        case .forbidden: 403
        case .internalError: 500
        }
    }

    /// What the caller is told.
    var message: String {
        switch self {
        case .badRequest(let detail):
            "The request could not be completed; malformed or missing data. \(detail)"
        case .unauthorized:
            "The request lacked necessary authorization to be completed. "
                + "Please see the certificate authority logs for more info."
        case .forbidden(let detail):
            "The request was forbidden by the certificate authority: \(detail)"
        case .internalError:
            "The certificate authority encountered an Internal Server Error. "
                + "Please see the certificate authority logs for more info."
        }
    }

    /// What the lab's log is told.
    var detail: String {
        switch self {
        case .badRequest(let detail), .forbidden(let detail), .internalError(let detail): detail
        case .unauthorized(let refusal): "token: \(refusal)"
        }
    }
}
