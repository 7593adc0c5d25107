import POSIX
import TestSupport
import Testing

/// An agent that is not root, and a directory that isn't its own.
@Suite(.serialized, .enabled(if: ProcessFacts.userID == 0)) struct `An unprivileged agent` {
    private static let user = "54321"

    @Test func `says what it may not write, changes nothing, and installs once it may`() async throws {
        try await Scenario.play { scenario in
            let lab = try LabProcess(scenario)
            // The scenario's directory is closed, and what the lab has made is root's.
            let opened = try Shell.line(
                """
                chmod 755 '\(scenario.scratch.path)' && mkdir -p '\(lab.agentState)' '\(lab.outputs)'
                chown -R \(Self.user) '\(lab.agentState)' '\(lab.bootstrapToken)' && chmod 700 '\(lab.agentState)'
                """)
            try scenario.require(opened.succeeded, "\(opened)")
            let enrolled = try Self.agent("enroll", lab)
            try scenario.require(enrolled.succeeded, "enroll: \(enrolled)")

            let refused = try Self.agent("run --once", lab)
            scenario.check(refused.code == 1, "\(refused)")
            for word in ["class=permission_denied", "stage=install", lab.outputs] {
                scenario.check(refused.output.contains(word), "no \(word) in \(refused)")
            }
            scenario.check(try Directory.open(lab.outputs).entries().isEmpty, "something was made")

            // What was ordered waits for its turn, which a new record doesn't know.
            let given = try Shell.line(
                "chown \(Self.user) '\(lab.outputs)'; rm '\(lab.agentState)'/state/*.json")
            try scenario.require(given.succeeded, "\(given)")
            let installed = try Self.agent("run --once", lab)
            try scenario.require(installed.succeeded, "\(installed)")
            let files = lab.files(of: "www")
            let complaint = try files.complaint(hostName: "www.lab.test")
            scenario.check(complaint == nil, complaint ?? "")
            let status = try File.status(files.key)
            scenario.check(
                status?.owner == 54_321 && status?.mode == 0o600, "\(status.map { "\($0)" } ?? "no key")")
            scenario.check(lab.orders.count == 1, "the lab counts \(lab.orders.count) orders")
        }
    }

    @Test func `starts beside files that an administrator has left in its state directory`() async throws {
        try await Scenario.play { scenario in
            let lab = try LabProcess(scenario)
            let planted = try Shell.line(
                """
                chmod 755 '\(scenario.scratch.path)' && mkdir -p '\(lab.agentState)/state'
                touch '\(lab.agentState)/notes' && chmod 640 '\(lab.agentState)/notes'
                touch '\(lab.agentState)/state/notes' && chmod 644 '\(lab.agentState)/state/notes'
                chown \(Self.user) '\(lab.agentState)' '\(lab.agentState)/state' && chmod 700 '\(lab.agentState)'
                """)
            try scenario.require(planted.succeeded, "\(planted)")
            let recovered = try Self.agent("recover", lab)
            scenario.check(recovered.succeeded, "\(recovered)")
            for file in ["\(lab.agentState)/notes", "\(lab.agentState)/state/notes"] {
                scenario.check(recovered.output.contains("path=\(file) "), "\(recovered)")
            }
        }
    }

    private static func agent(_ command: String, _ lab: LabProcess) throws -> Shell.Answer {
        try Shell.line(
            "exec setpriv --reuid=\(user) --regid=\(user) --clear-groups '\(Program.agent)' \(command) -c '\(lab.configuration)'"
        )
    }
}
