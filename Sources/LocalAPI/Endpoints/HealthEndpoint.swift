import HTTP
import Lifecycle

/// `GET /healthz`: whether the process makes progress. A supervisor restarts it when not.
final class HealthEndpoint: PlainEndpoint {
    /// Nanoseconds.
    private static let longestRest: Int64 = 30_000_000_000

    private let progress: any Progress

    init(progress: any Progress) { self.progress = progress }

    /// Asked for more often than anything else, hence with its fields already written.
    private static let alive: Response = {
        var response = Response(.ok, body: .bytes(Array("ok\n".utf8)))
        response.prepared = PreparedFields(
            [Field("Content-Type", "text/plain; charset=utf-8")] + APIHandler.everywhere.fields)
        return response
    }()

    func answer() throws(Problem) -> Response {
        let rests = progress.rests()
        try check("engine", rests.engine)
        try check("api", rests.api)
        return Self.alive
    }

    private func check(_ loop: String, _ rest: Int64) throws(Problem) {
        guard rest > Self.longestRest else { return }
        throw Problem(.notAlive, "The \(loop) has not come round for \(rest / 1_000_000_000) s.")
    }
}
