import Agent
import Lifecycle
import Notation
import POSIX

/// `plan`: what a run would do now and why, without doing it.
struct PlanCommand {
    let configurationPath: String
    let json: Bool

    func run() throws(CommandFailure) {
        let plan = RunPlan(try ConfigurationFile(path: configurationPath).loadForCommand())
        if json {
            // Strings alone: there is nothing in it that can't be encoded.
            guard let document = try? JSON.encode(PlanDocument(plan), .indented) else { return }
            StandardStream.output.write(document + [UInt8(ascii: "\n")])
        } else {
            StandardStream.output.write(PlanText(plan).text)
        }
    }
}

/// The plan as a person reads it.
struct PlanText {
    private let plan: RunPlan

    init(_ plan: RunPlan) { self.plan = plan }

    var text: String {
        let identity = plan.identity
        var rows = [
            Row(
                name: "identity \(identity.status.name)", action: identity.action.rawValue, why: identity.why,
                advice: identity.advice)
        ]
        rows += plan.certificates.map {
            Row(name: $0.status.name.text, action: $0.action.rawValue, why: $0.why, advice: $0.advice)
        }
        let width = rows.map { $0.name.count }.max() ?? 0
        let notes = plan.notes.map { "Note: \($0)\n" }
        return (["\(headline)\n"] + rows.map { $0.text(nameWidth: width) } + notes).joined()
    }

    private var headline: String {
        let orders = plan.certificates.count { $0.action == .order }
        let what =
            orders == 0 ? "order nothing" : "order \(orders) of \(plan.certificates.count) certificates"
        return "A run that started now would \(what). Nothing was done."
    }

    private struct Row {
        var name: String
        var action: String
        var why: String
        var advice: String?

        /// One line, and one for what a person should do.
        func text(nameWidth: Int) -> String {
            let name = name.padded(to: nameWidth)
            let line = "\(name)  \(action.padded(to: 7))  \(Printable.line(why, limit: 1000))\n"
            let margin = String(repeating: " ", count: nameWidth + 11)
            return line + (advice.map { "\(margin)\($0)\n" } ?? "")
        }
    }
}

extension String {
    fileprivate func padded(to width: Int) -> String {
        self + String(repeating: " ", count: max(0, width - count))
    }
}

/// The document of `--json`. Times are RFC 3339.
struct PlanDocument: Encodable {
    struct Identity: Encodable {
        var name: String
        var action: RunPlan.IdentityAction
        var state: String
        var why: String
        var advice: String?
        var notAfter: String?

        private enum CodingKeys: String, CodingKey {
            case name, action, state, why, advice
            case notAfter = "not_after"
        }
    }

    struct Certificate: Encodable {
        var name: String
        var action: RunPlan.Action
        var reason: String?
        var why: String
        var advice: String?
        var notAfter: String?
        var dueAt: String?
        var nextAttemptAt: String?

        private enum CodingKeys: String, CodingKey {
            case name, action, reason, why, advice
            case notAfter = "not_after"
            case dueAt = "due_at"
            case nextAttemptAt = "next_attempt_at"
        }
    }

    var config: String
    var at: String
    var identity: Identity
    var certificates: [Certificate]
    var notes: [String]

    init(_ plan: RunPlan) {
        config = plan.configurationPath
        at = plan.madeAt.rfc3339
        let status = plan.identity.status
        identity = Identity(
            name: status.name, action: plan.identity.action, state: status.state.rawValue,
            why: plan.identity.why, advice: plan.identity.advice, notAfter: status.facts?.notAfter.rfc3339)
        certificates = plan.certificates.map {
            Certificate(
                name: $0.status.name.text, action: $0.action, reason: $0.status.reason?.rawValue, why: $0.why,
                advice: $0.advice,
                notAfter: $0.status.installed?.notAfter.rfc3339, dueAt: $0.status.nextRenewalAt?.rfc3339,
                nextAttemptAt: $0.status.nextAttemptAt?.rfc3339)
        }
        notes = plan.notes
    }
}
