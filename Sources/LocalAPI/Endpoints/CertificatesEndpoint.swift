import HTTP
import Lifecycle

/// `GET /v1/certificates`: all certificates, or those in one state.
struct CertificatesEndpoint: Endpoint {
    let board: any StatusBoard
    let rendered: RenderedSnapshot

    func reply(to call: APICall) throws(Problem) -> Answer {
        let snapshot = board.current()
        guard let text = call.query["state"] else {
            return rendered.reply(.certificates, of: snapshot) { snapshot in
                JSONWriter.list(snapshot.certificates)
            } respond: {
                .json(.ok, .shared($0))
            }
        }
        guard let state = CertificateState(rawValue: text) else {
            let known = CertificateState.allCases.map(\.rawValue).joined(separator: ", ")
            throw Problem(.badQuery, "The states are \(known).", errors: ["state is not known"])
        }
        return .inSteps(JSONWriter.list(snapshot.certificates, in: state)) { .json(.ok, .shared($0)) }
    }
}

/// `GET /v1/certificates/{name}`: one certificate.
struct CertificateEndpoint: PromptEndpoint {
    let board: any StatusBoard

    func answer(_ call: APICall) throws(Problem) -> Response {
        let status = try board.current().status(named: call.parameter("name"))
        return .json(.ok) { $0.members(of: status) }
    }
}

extension Snapshot {
    /// The certificate that a client means.
    func status(named text: String) throws(Problem) -> CertificateStatus {
        guard let name = try? CertificateName(validating: text), let status = certificate(name) else {
            throw .unknownCertificate
        }
        return status
    }
}

extension Problem {
    static let unknownCertificate = Problem(.unknownCertificate, "GET /v1/certificates lists all names.")
}
