import Foundation
import POSIX
import TestSupport
import Testing

/// Certificates whose names are legal and awkward in paths, JSON, metrics, logs and state files.
@Suite(.serialized) struct `An awkward name` {
    private static let names = [
        "../../x", "a/b", "a\"b", #"back\slash"#, "a b=c", "100%", ".", "..", "renew",
        String(repeating: "é", count: 127) + "x",
    ]

    @Test func `behaves everywhere`() async throws {
        try await Scenario.play { scenario in
            let lab = try LabProcess(
                scenario, ["--certificates", "\(Self.names.count)", "--reload-command", "true"])
            try AgentProcess.enroll(scenario, for: lab)
            let configuration = try Self.rename(lab, scenario)
            let agent = try AgentProcess(scenario, for: lab, configuration: configuration)
            try agent.awaitValid(scenario, within: .seconds(60))
            let before = try Self.entries(around: lab)

            scenario.check(
                Set(try agent.status().certificates.map(\.name)) == Set(Self.names),
                "the status has other names")
            let metrics = try agent.get("/metrics").body
            for name in Self.names {
                let path = "/v1/certificates/" + Self.encoded(name)
                let one = try agent.get(path)
                scenario.check(
                    one.status == 200 && one.body.contains("\"state\":\"valid\""), "\(name): \(one)")
                let renewed = try agent.post("\(path)/renew")
                scenario.check(renewed.status == 202, "\(name): \(renewed)")
                let label = name.replacingOccurrences(of: "\\", with: "\\\\").replacingOccurrences(
                    of: "\"", with: "\\\"")
                scenario.check(metrics.contains("{certificate=\"\(label)\""), "\(name) is not in the metrics")
            }
            try scenario.wait(until: "all to be renewed", within: .seconds(60)) {
                try Self.names.allSatisfy { name in
                    try agent.get("/v1/certificates/\(Self.encoded(name))/history").body.contains(
                        "\"reason\":\"requested\"")
                }
            }
            try agent.awaitValid(scenario)
            for name in Self.names {
                scenario.check(
                    agent.process.logged("certificate installed").contains { $0["certificate"] == name },
                    "the log doesn't name \(name)")
            }
            let table = try AgentProcess.command("status", "-c", configuration)
            // The port is any free one: the command can't know it, and says so.
            scenario.check(table.code == 3, "\(table)")
            let after = try Self.entries(around: lab)
            scenario.check(
                before.parents == after.parents, "files outside the state directory: \(after.parents)")
            scenario.check(
                after.records.allSatisfy { !$0.contains("/") && $0 != ".." && $0.utf8.count <= 255 },
                "\(after.records)")
        }
    }

    @Test(arguments: ["a\\nb", "a\\u0000b", "a\\u009bb"])
    func `with control characters is refused`(name: String) async throws {
        try await Scenario.play { scenario in
            let lab = try LabProcess(scenario)
            var text = try ConfigurationText(of: lab)
            try text.replace("  - name: \"www\"", with: "  - name: \"\(name)\"")
            let answer = try AgentProcess.command("check", "-c", try text.save(scenario))
            scenario.check(answer.code == 2, "\(answer)")
        }
    }

    private static func rename(_ lab: LabProcess, _ scenario: Scenario) throws -> String {
        var text = try ConfigurationText(of: lab)
        let lines = text.text.split(separator: "\n").filter { $0.hasPrefix("  - name: ") }.map(String.init)
        try scenario.require(lines.count == names.count, "the lab has other certificates: \(lines)")
        for (line, name) in zip(lines, names) {
            let quoted = name.replacingOccurrences(of: "\\", with: "\\\\").replacingOccurrences(
                of: "\"", with: "\\\"")
            try text.replace(line + "\n", with: "  - name: \"\(quoted)\"\n")
        }
        return try text.save(scenario)
    }

    /// What lies beside the state directory and above it, and the records in it.
    private static func entries(around lab: LabProcess) throws -> (parents: [String], records: [String]) {
        let parents =
            try Directory.open(lab.directory).entries() + Directory.open(lab.directory + "/..").entries()
        let folders = try Directory.open(lab.agentState).entries()
        let records = folders.flatMap { (try? Directory.open("\(lab.agentState)/\($0)").entries()) ?? [] }
        return (parents, records)
    }

    private static func encoded(_ name: String) -> String {
        name.utf8.map { byte in
            let hex = String(byte, radix: 16, uppercase: true)
            return hex.count == 1 ? "%0\(hex)" : "%\(hex)"
        }.joined()
    }
}
