import HTTP
import Lifecycle

/// `GET /metrics`: what the snapshot says is kept while it is, the rest is of this moment.
struct MetricsEndpoint: Endpoint {
    let board: any StatusBoard
    let rendered: RenderedSnapshot
    let requests: RequestCounters
    let agent: AgentMetrics
    private static let type = Field("Content-Type", "text/plain; version=0.0.4; charset=utf-8")

    func reply(to call: APICall) throws(Problem) -> Answer {
        let (board, requests, agent) = (board, requests, agent)
        return rendered.reply(.metrics, of: board.current()) { snapshot in
            CertificateMetrics.document(snapshot.certificates)
        } respond: { certificates in
            var writer = MetricsWriter()
            writer.counts(of: requests.current())
            writer.bytes += agent.process()
            let parts = certificates + [agent.agent(board.current()), SharedBytes(writer.bytes)]
            return Response(.ok, fields: [Self.type], body: .shared(parts))
        }
    }
}
