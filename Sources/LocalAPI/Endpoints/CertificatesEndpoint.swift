import HTTP
import Lifecycle

/// `GET /v1/certificates`: all certificates, or those in one state.
struct CertificatesEndpoint: PromptEndpoint {
    let board: any StatusBoard
    let rendered: RenderedSnapshot

    func answer(_ call: APICall) throws(Problem) -> Response {
        let snapshot = board.current()
        guard let text = call.query["state"] else {
            let bytes = rendered.bytes(.certificates, of: snapshot) { snapshot in
                JSONWriter.document { $0.certificates(snapshot.certificates) }
            }
            return .json(.ok, .shared([bytes]))
        }
        guard let state = CertificateState(rawValue: text) else {
            let known = CertificateState.allCases.map(\.rawValue).joined(separator: ", ")
            throw Problem(.badQuery, "The states are \(known).", errors: ["state is not known"])
        }
        return .json(.ok) { $0.certificates(snapshot.certificates.lazy.filter { $0.state == state }) }
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
