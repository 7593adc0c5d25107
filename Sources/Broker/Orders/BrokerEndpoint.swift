import HTTP
import HTTPServer
import PKI
import POSIX

/// The broker's API. Every caller has shown a client certificate that chains to the identity CA.
final class BrokerEndpoint: RequestHandler {
    static let ordersPath = "/v1/certificates"

    private let policy: Lock<BrokerPolicy>
    private let faults: FaultFile
    private let desk: OrderDesk
    private let record: LabRecord

    init(policy: BrokerPolicy, faults: FaultFile, desk: OrderDesk, record: LabRecord) {
        self.policy = Lock(policy)
        self.faults = faults
        self.desk = desk
        self.record = record
    }

    /// From the next order on `policy` is the law.
    func replacePolicy(_ policy: BrokerPolicy) {
        self.policy.withLock { $0 = policy }
    }

    func handle(_ request: Request, from peer: Peer, _ responder: Responder) -> Reply {
        switch (request.method, request.target.path) {
        case (.post, Self.ordersPath): order(request, peer, responder)
        case (.get, "/healthz"), (.head, "/healthz"): .now(Response(.ok, text: "ok\n"))
        case (.get, "/readyz"), (.head, "/readyz"): .now(Response(.ok, text: "ready\n"))
        case (_, Self.ordersPath): .now(Self.methodNotAllowed("POST"))
        case (_, "/healthz"), (_, "/readyz"): .now(Self.methodNotAllowed("GET, HEAD"))
        default: .now(Response(.notFound, text: "404 page not found\n"))
        }
    }

    func secured(_ peer: Peer) { record.secured() }

    /// What the reactor itself refuses is an invalid request like any other.
    func refusal(_ reason: RefusedRequest, from peer: Peer) -> Response {
        reason == .bodyTooLarge
            ? BrokerAnswer.refusal(.invalidRequest) : Response(reason.status, text: reason.title + "\n")
    }

    private func order(_ request: Request, _ peer: Peer, _ responder: Responder) -> Reply {
        do throws(OrderRefusal) {
            let order = try CertificateOrder(request.body, from: peer.certificate, policy.withLock { $0 })
            let (strike, problems) = faults.strike(order.profileName)
            for problem in problems { record.faultsFileProblem(problem) }
            desk.take(order, strike, responder)
            return .later
        } catch {
            record.refused(error, identity: peer.certificate?.subjectCommonName)
            return .now(BrokerAnswer.refusal(error))
        }
    }

    private static func methodNotAllowed(_ allowed: String) -> Response {
        Response(.methodNotAllowed, text: "Method Not Allowed\n", fields: [Field("Allow", allowed)])
    }
}
