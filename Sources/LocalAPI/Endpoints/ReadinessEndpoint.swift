import FoundationEssentials
import HTTP
import Lifecycle

/// `GET /readyz`: whether this host's services have what they need: 200 also when something fails that still works.
struct ReadinessEndpoint: PromptEndpoint {
    let board: any StatusBoard
    let now: @Sendable () -> Date

    func answer(_ call: APICall) throws(Problem) -> Response {
        let snapshot = board.current()
        let readiness: Readiness
        if let name = call.query["certificate"] {
            readiness = Readiness(
                of: try snapshot.status(named: name), at: snapshot.clock.time(at: now()))
        } else {
            readiness = Readiness(of: snapshot, at: snapshot.clock.time(at: now()))
        }
        let status: Status = readiness.verdict == .failed ? .serviceUnavailable : .ok
        switch call.query["verbose"] {
        case nil: return .json(status) { $0.members(of: readiness) }
        case "", "true", "1": return Response(status, text: readiness.text)
        default: throw Problem(.badQuery, "verbose takes no value.", errors: ["verbose has a value"])
        }
    }
}

extension Readiness {
    fileprivate var word: String {
        switch verdict {
        case .ok: "ready"
        case .degraded: "degraded"
        case .failed: "not_ready"
        }
    }

    /// For a person: one line a check, the verdict last.
    fileprivate var text: String {
        let lines = checks.map { check in
            let subject = check.certificate.map { " \($0)" } ?? ""
            return
                "[\(check.state.rawValue)] \(check.name)\(subject)\(check.detail.map { ": \($0)" } ?? "")\n"
        }
        return lines.joined() + word + "\n"
    }
}

extension JSONWriter {
    fileprivate mutating func members(of readiness: Readiness) {
        string("status", readiness.word)
        array("checks", of: readiness.checks) { writer, check in
            writer.object {
                $0.string("name", check.name)
                $0.string("certificate", check.certificate?.text)
                $0.string("state", check.state.rawValue)
                $0.time("since", check.since)
                $0.string("detail", check.detail)
            }
        }
    }
}
