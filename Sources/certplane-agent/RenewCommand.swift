import FoundationEssentials
import HTTP
import Notation
import POSIX

/// Which certificates `renew` is for.
enum RenewSelection: Equatable {
    case named([String])
    case all
}

struct RenewOptions: Equatable {
    var waits = true
    var overBudget = false
    var rotatesKey = false
}

/// `renew`: the running agent renews certificates now; each step is shown, and the exit code tells the outcome.
struct RenewCommand {
    private static let interval = Duration.milliseconds(200)
    /// A renewal that has not begun by then waits for something that a person should know.
    private static let hesitation = Duration.seconds(3)

    let configurationPath: String
    let selection: RenewSelection
    let options: RenewOptions

    func run() throws(CommandFailure) {
        let client = try AgentClient(configuration: configurationPath)
        let reply = try client.post("/v1/renew", body())
        if reply.status == 404, case .named(let names) = selection {
            let refused = Set(reply.json.list("errors").compactMap(\.text))
            throw try client.unknown(names.filter { refused.contains("\($0) is not known") })
        }
        if let failure = reply.failure { throw failure }
        guard let batch = reply.json["batch"], let id = batch.text("id") else {
            throw CommandFailure(code: .failure, message: "the agent's answer names no renewal")
        }
        try options.waits ? follow(id, batch, client) : Self.tell(batch)
    }

    /// The body of `POST /v1/renew`.
    private struct Body: Encodable {
        var certificates: [String]?
        var all: Bool?
        var overBudget: Bool?
        var rotateKey: Bool?

        enum CodingKeys: String, CodingKey {
            case certificates, all
            case overBudget = "over_budget"
            case rotateKey = "rotate_key"
        }
    }

    private func body() -> [UInt8] {
        var body = Body()
        switch selection {
        case .all: body.all = true
        case .named(let names): body.certificates = names
        }
        if options.overBudget { body.overBudget = true }
        if options.rotatesKey { body.rotateKey = true }
        // Strings and truths: there is nothing in it that can't be encoded.
        return (try? JSON.encode(body)) ?? []
    }

    /// Without waiting: what was begun, and where it can be followed.
    private static func tell(_ batch: JSONValue) throws(CommandFailure) {
        for renewal in batch.list("renewals") {
            StandardStream.output.write(
                "\(renewal.text("certificate") ?? ""): \(renewal.text("state") ?? ""), /v1/renewals/\(renewal.text("id") ?? "")\n"
            )
        }
        try judge(RenewalProgress(batch))
    }

    private func follow(
        _ id: String, _ first: JSONValue, _ client: AgentClient
    ) throws(CommandFailure) {
        var view = RenewalView()
        let begun = Clock.boottime()
        var progress = RenewalProgress(first)
        while true {
            if Clock.boottime() - begun > Self.hesitation { try progress.explain(with: client) }
            StandardStream.output.write(view.update(progress, in: StandardStream.output.windowSize))
            if progress.isDone { break }
            _ = Pause.wait(Self.interval)
            let reply = try client.get("/v1/renewals/\(id)")
            if reply.status == 404 {
                throw CommandFailure(
                    code: .failure, message: "the agent knows the renewals no more: it was started again",
                    advice: ["'certplane-agent status' tells how the certificates are now."])
            }
            if let failure = reply.failure { throw failure }
            progress.take(reply.json)
        }
        try Self.judge(progress)
    }

    private static func judge(_ progress: RenewalProgress) throws(CommandFailure) {
        let failed = progress.courses.filter { $0.hasFailed }
        if failed.isEmpty { return }
        throw CommandFailure(
            code: .failure,
            message: "\(failed.count) of \(progress.courses.count) renewals failed",
            advice: failed.compactMap { course in course.advice.map { "\(course.certificate): \($0)" } })
    }
}
