import FoundationEssentials
import HTTP
import Lifecycle
import Log
import POSIX

/// What the endpoints stand on.
struct APIServices: Sendable {
    let board: any StatusBoard
    let commands: any CommandSink
    let progress: any Progress
    let version: String
    let log: Logger
    /// The calendar's time.
    var now: @Sendable () -> Date = { Date() }
    /// The boottime clock.
    var uptime: @Sendable () -> Duration = { Clock.boottime() }
}

extension RouteTable {
    /// The routes of the local API, and what counts their answers; `openapi/openapi.json` is their contract.
    static func api(_ services: APIServices, run: String) -> (RouteTable, RequestCounters) {
        let requests = RequestCounters()
        let rendered = RenderedSnapshot()
        let (board, commands, log) = (services.board, services.commands, services.log)
        let accepted = AcceptedRenewals(run: run, now: services.now)
        let routes = [
            Route("/", .get(PageEndpoint())),
            Route("/healthz", .get(HealthEndpoint(progress: services.progress))),
            Route(
                "/metrics",
                .get(
                    MetricsEndpoint(
                        board: board, rendered: rendered, requests: requests,
                        agent: AgentMetrics(version: services.version)))),
            Route("/openapi.json", .get(OpenAPIEndpoint())),
            Route(
                "/readyz",
                .get(ReadinessEndpoint(board: board, now: services.now), query: ["certificate", "verbose"])),
            Route(
                "/v1/certificates",
                .get(CertificatesEndpoint(board: board, rendered: rendered), query: ["state"])),
            Route("/v1/certificates/{name}", .get(CertificateEndpoint(board: board))),
            Route("/v1/certificates/{name}/history", .get(HistoryEndpoint(board: board))),
            Route(
                "/v1/certificates/{name}/reload",
                .post(ReloadEndpoint(board: board, commands: commands, accepted: accepted, log: log))),
            Route(
                "/v1/certificates/{name}/renew",
                .post(RenewEndpoint(board: board, commands: commands, accepted: accepted, log: log))),
            Route(
                "/v1/reload", .post(ConfigurationReloadEndpoint(commands: commands, log: log), success: .ok)),
            Route(
                "/v1/renew",
                .post(BatchRenewEndpoint(board: board, commands: commands, accepted: accepted, log: log))),
            Route("/v1/renewals/{id}", .get(RenewalEndpoint(board: board, accepted: accepted))),
            Route("/v1/status", .get(StatusEndpoint(board: board, rendered: rendered))),
        ]
        let table = RouteTable(routes: routes)
        requests.begin(with: table)
        return (table, requests)
    }
}
