import FoundationEssentials
import HTTP
import Lifecycle
import Log

/// What the endpoints stand on.
struct APIServices: Sendable {
    let board: any StatusBoard
    let commands: any CommandSink
    let progress: any Progress
    let version: String
    let log: Logger
    /// The calendar's time.
    var now: @Sendable () -> Date = { Date() }
}

extension RouteTable {
    /// The routes of the local API; `openapi/openapi.json` is their contract.
    static func api(_ services: APIServices, _ requests: RequestCounters) -> RouteTable {
        let rendered = RenderedSnapshot()
        let accepted = AcceptedRenewals(now: services.now)
        let board = services.board
        let routes = [
            Route("/healthz", .get(HealthEndpoint(progress: services.progress))),
            Route(
                "/metrics",
                .get(
                    MetricsEndpoint(
                        board: board, rendered: rendered, requests: requests, version: services.version))),
            Route("/openapi.json", .get(OpenAPIEndpoint())),
            Route(
                "/readyz",
                .get(ReadinessEndpoint(board: board, now: services.now), query: ["certificate", "verbose"])),
            Route(
                "/v1/certificates",
                .get(CertificatesEndpoint(board: board, rendered: rendered), query: ["state"])),
            Route("/v1/certificates/{name}", .get(CertificateEndpoint(board: board))),
            Route(
                "/v1/certificates/{name}/renew",
                .post(
                    RenewEndpoint(
                        board: board, commands: services.commands, accepted: accepted, log: services.log),
                    success: .accepted)),
            Route("/v1/renewals/{id}", .get(RenewalEndpoint(board: board, accepted: accepted))),
            Route("/v1/status", .get(StatusEndpoint(board: board, rendered: rendered))),
        ]
        return RouteTable(routes: routes)
    }
}
