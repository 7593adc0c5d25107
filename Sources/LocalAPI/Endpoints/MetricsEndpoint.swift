import HTTP
import Lifecycle
import POSIX

/// `GET /metrics`: the certificates' part is kept while the snapshot is, the rest is of this moment.
struct MetricsEndpoint: PromptEndpoint {
    let board: any StatusBoard
    let rendered: RenderedSnapshot
    let requests: RequestCounters
    let version: String

    func answer(_ call: APICall) throws(Problem) -> Response {
        let snapshot = board.current()
        let certificates = rendered.bytes(.metrics, of: snapshot) { snapshot in
            var writer = MetricsWriter()
            writer.certificates(snapshot.certificates)
            return writer.bytes
        }
        var writer = MetricsWriter()
        writer.agent(snapshot, version: version)
        writer.counts(of: requests.current())
        writer.process(ProcessFacts.current())
        let type = Field("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
        return Response(.ok, fields: [type], body: .shared([certificates, SharedBytes(writer.bytes)]))
    }
}
