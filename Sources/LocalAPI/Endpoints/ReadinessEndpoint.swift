import FoundationEssentials
import HTTP
import Lifecycle

/// `GET /readyz`: whether this host's services have what they need: 200 also when something fails that still works.
struct ReadinessEndpoint: Endpoint {
    let board: any StatusBoard
    let now: @Sendable () -> Date

    func reply(to call: APICall) throws(Problem) -> Answer {
        let snapshot = board.current()
        let now = snapshot.clock.time(at: now())
        let answer: ReadinessAnswer
        if let name = call.query["certificate"] {
            let certificates = CertificateList([try snapshot.status(named: name)])
            answer = ReadinessAnswer([], certificates, at: now, as: try form(call))
        } else {
            answer = ReadinessAnswer(
                Readiness.checks(of: snapshot, at: now), snapshot.certificates, at: now, as: try form(call))
        }
        return .stepwise(answer)
    }

    private func form(_ call: APICall) throws(Problem) -> ReadinessAnswer.Form {
        switch call.query["verbose"] {
        case nil: return .json
        case "", "true", "1": return .text
        default: throw Problem(.badQuery, "verbose takes no value.", errors: ["verbose has a value"])
        }
    }
}
