import FoundationEssentials
import HTTP
import Notation

/// How the renewals of a batch are, for a person.
struct RenewalProgress {
    private(set) var courses: [RenewalCourse]
    private(set) var isDone: Bool

    init(_ batch: JSONValue) {
        courses = batch.list("renewals").map { RenewalCourse($0) }
        courses += batch.list("refused").map { RenewalCourse(refused: $0) }
        isDone = batch.isTrue("done")
    }

    mutating func take(_ batch: JSONValue) {
        let reasons = Dictionary(courses.map { ($0.certificate, $0.waitsBecause) }) { first, _ in first }
        self = RenewalProgress(batch)
        for index in courses.indices where courses[index].state == "queued" {
            courses[index].waitsBecause = reasons[courses[index].certificate] ?? nil
        }
    }

    /// Asks why what has not begun waits, once for each.
    mutating func explain(with client: AgentClient) throws(CommandFailure) {
        for index in courses.indices
        where courses[index].state == "queued" && courses[index].waitsBecause == nil {
            let name = PercentEncoding.encodeSegment(courses[index].certificate)
            courses[index].waitsBecause = try client.get("/v1/certificates/\(name)").json.text("why") ?? ""
        }
    }
}

/// How one renewal is.
struct RenewalCourse {
    struct Step: Equatable {
        var stage: String
        /// Nil while it runs.
        var took: Duration?
    }

    let certificate: String
    let state: String
    let steps: [Step]
    let serial: String?
    let failure: String?
    let advice: String?
    let warnings: [String]
    var waitsBecause: String?

    init(_ renewal: JSONValue) {
        certificate = renewal.text("certificate") ?? ""
        state = renewal.text("state") ?? ""
        steps = renewal.list("steps").map { step in
            Step(
                stage: step.text("stage") ?? "", took: step.number("duration_seconds").map { .seconds($0) })
        }
        serial = renewal.text("serial")
        let failure = renewal["failure"]
        self.failure = failure?.text("detail").map { "\(failure?.text("stage") ?? ""): \($0)" }
        advice = failure?.text("advice")
        warnings = renewal.list("warnings").compactMap(\.text)
    }

    /// One that its budget doesn't allow.
    init(refused: JSONValue) {
        certificate = refused.text("certificate") ?? ""
        state = "refused"
        steps = []
        serial = nil
        let wait =
            refused.number("retry_after_seconds").map { Duration.seconds($0.rounded(.up)).brief } ?? "a while"
        failure = "its orders for these seven days are spent, the next one is possible in \(wait)"
        advice = "Ask again later, or with --over-budget if it has to be now."
        warnings = []
    }

    var isDone: Bool { !["queued", "running", "reloading"].contains(state) }
    var hasFailed: Bool { isDone && state != "succeeded" && state != "unchanged" }

    /// `key 0.1 s, order 1.2 s, checks …`
    var stepsText: String {
        steps.map { step in "\(step.stage) \(step.took?.precise ?? "…")" }.joined(separator: ", ")
    }

    /// The whole course in one line.
    var line: String {
        var text = certificate + ": "
        switch state {
        case "queued": text += "waiting" + (waitsBecause.map { $0.isEmpty ? "" : " (\($0))" } ?? "")
        case "running", "reloading": text += stepsText.isEmpty ? state : stepsText
        case "succeeded": text += "renewed" + (serial.map { ", serial \($0)" } ?? "") + inSteps
        case "unchanged": text += "unchanged, the broker gave what was there"
        case "reload_failed": text += "renewed, but its service could not be reloaded; \(failure ?? "")"
        case "abandoned": text += "given up: the agent stopped, or the certificate was removed"
        default: text += "FAILED, \(failure ?? state)"
        }
        return text + warnings.map { "; note: \($0)" }.joined()
    }

    private var inSteps: String { steps.isEmpty ? "" : " (\(stepsText))" }
}

extension Duration {
    /// Hundredths of a second while they tell something.
    fileprivate var precise: String {
        let (seconds, attoseconds) = components
        guard seconds < 10 else { return brief }
        let hundredths = attoseconds / 10_000_000_000_000_000
        return "\(seconds).\(hundredths < 10 ? "0" : "")\(hundredths) s"
    }
}
