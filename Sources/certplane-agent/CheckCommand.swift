import Agent
import Configuration
import FoundationEssentials
import Notation
import POSIX

/// `check`: looks at everything, changes nothing, and fails if something can't work.
struct CheckCommand {
    let configurationPath: String
    let online: Bool
    let json: Bool

    func run() throws(CommandFailure) {
        let file = ConfigurationFile(path: configurationPath)
        let settings: AgentConfiguration
        do { settings = try file.load().settings } catch {
            if json, case .invalid(let invalid) = error {
                show(Report(problems: invalid.problems, findings: []))
            }
            throw CommandFailure(error, path: configurationPath, report: !json)
        }
        let inspection = Inspection(settings)
        var findings =
            [Finding(.ok, "configuration", "\(configurationPath) is in order")] + inspection.findings()
            + inspection.unitFindings()
        if online { findings += inspection.onlineFindings() }
        if json {
            show(Report(problems: [], findings: findings))
        } else {
            StandardStream.output.write(findings.map(Self.text).joined())
        }
        let problems = findings.count { $0.severity == .problem }
        if problems > 0 {
            throw CommandFailure(
                code: .failure, message: "\(problems) problem\(problems == 1 ? "" : "s") found")
        }
    }

    /// The document of `--json`.
    private struct Report: Encodable {
        /// Of the configuration file; if there are any, nothing else was looked at.
        var problems: [ConfigurationProblem]
        var findings: [Finding]
    }

    private func show(_ report: Report) {
        // Strings and numbers: there is nothing in it that can't be encoded.
        guard let document = try? JSON.encode(report, .indented) else { return }
        StandardStream.output.write(document + [UInt8(ascii: "\n")])
    }

    /// A line for a finding, and one for what to do about it.
    private static func text(_ finding: Finding) -> String {
        let mark =
            switch finding.severity {
            case .ok: "ok      "
            case .notice: "notice  "
            case .warning: "warning "
            case .problem: "PROBLEM "
            }
        let advice = finding.advice.map { "         \($0)\n" } ?? ""
        return "\(mark) \(finding.subject): \(finding.message)\n\(advice)"
    }
}
