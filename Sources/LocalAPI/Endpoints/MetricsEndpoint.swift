import HTTP
import Lifecycle
import POSIX

/// `GET /metrics`: the certificates' part is kept while the snapshot is, the rest is of this moment.
struct MetricsEndpoint: Endpoint {
    let board: any StatusBoard
    let rendered: RenderedSnapshot
    let requests: RequestCounters
    let version: String
    private static let type = Field("Content-Type", "text/plain; version=0.0.4; charset=utf-8")

    func reply(to call: APICall) throws(Problem) -> Answer {
        let (board, requests, version) = (board, requests, version)
        return rendered.reply(.metrics, of: board.current()) { snapshot in
            CertificateMetrics.document(snapshot.certificates)
        } respond: { certificates in
            var writer = MetricsWriter()
            writer.agent(board.current(), version: version)
            writer.counts(of: requests.current())
            writer.process(ProcessFacts.current())
            return Response(
                .ok, fields: [Self.type], body: .shared(certificates + [SharedBytes(writer.bytes)]))
        }
    }
}
