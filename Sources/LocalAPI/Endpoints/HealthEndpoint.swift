import HTTP
import Lifecycle

/// `GET /healthz`: whether the process makes progress. A supervisor restarts it when not.
struct HealthEndpoint: PromptEndpoint {
    static let longestRest: Duration = .seconds(30)

    let progress: any Progress
    private static let alive = Response(.ok, text: "ok\n")

    func answer(_ call: APICall) throws(Problem) -> Response {
        try check("engine", progress.sinceEngineMoved)
        try check("api", progress.sinceAPIMoved)
        return Self.alive
    }

    private func check(_ loop: String, _ rest: Duration) throws(Problem) {
        guard rest > Self.longestRest else { return }
        throw Problem(.notAlive, "The \(loop) has not come round for \(rest.components.seconds) s.")
    }
}
