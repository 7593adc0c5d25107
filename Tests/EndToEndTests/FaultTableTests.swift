import POSIX
import Testing

/// Every wrong answer of the lab against an installed certificate, all at once: each has a fault of its own.
@Suite(.serialized) struct `A wrong answer` {
    private struct Row {
        let fault: String
        let stage: String
        let failureClass: String
    }

    private static let table = [
        Row(fault: "wrong-key", stage: "checks", failureClass: "wrong_key"),
        Row(fault: "expired-leaf", stage: "checks", failureClass: "leaf_expired"),
        Row(fault: "swapped-chain", stage: "checks", failureClass: "broken_chain"),
        Row(fault: "missing-chain", stage: "checks", failureClass: "broken_chain"),
        Row(fault: "broken-chain", stage: "checks", failureClass: "broken_chain"),
        Row(fault: "wrong-names", stage: "checks", failureClass: "wrong_names"),
        Row(fault: "truncated-json", stage: "order", failureClass: "answer_malformed"),
        Row(fault: "too-large", stage: "order", failureClass: "answer_too_large"),
        Row(fault: "redirect", stage: "order", failureClass: "redirected"),
        Row(fault: "hang", stage: "order", failureClass: "broker_timeout"),
        Row(fault: "half-closed", stage: "order", failureClass: "connection_lost"),
        Row(fault: "unavailable", stage: "order", failureClass: "broker_unavailable"),
        Row(fault: "forbidden", stage: "order", failureClass: "forbidden"),
        Row(fault: "issuance-failed", stage: "order", failureClass: "issuance_failed"),
        Row(fault: "internal-error", stage: "order", failureClass: "broker_error"),
        // The last: a broker that asks for a pause gets it from all certificates.
        Row(fault: "rate-limited:30s", stage: "order", failureClass: "rate_limited"),
    ]

    @Test func `changes nothing on disk and has a stage, class and advice of its own`() async throws {
        try await Scenario.play { scenario in
            let lab = try LabProcess(scenario, ["--certificates", "\(Self.table.count)"])
            try AgentProcess.enroll(scenario, for: lab)
            var configuration = try ConfigurationText(of: lab)
            try configuration.add("  timeout: 3s", to: "broker")
            let agent = try AgentProcess(scenario, for: lab, configuration: try configuration.save(scenario))
            let names = try agent.awaitValid(scenario).certificates.map(\.name)
            let before = try names.map { try Snapshot(of: lab.files(of: $0)) }

            try lab.setFaults(zip(Self.table, names).map { "\($0.fault)@\($1)" })
            for name in names.dropLast() { try agent.renew(name, scenario) }
            try Self.awaitFailures(of: Array(names.dropLast()), agent, scenario)
            try agent.renew(names[names.count - 1], scenario)
            try Self.awaitFailures(of: names, agent, scenario)

            let status = try agent.status()
            scenario.check(status.broker.state == "paused", "the broker's state is \(status.broker.state)")
            for (row, certificate) in zip(Self.table, status.certificates) {
                Self.expect(row, certificate, agent, scenario)
            }
            Self.expectOwnAdvices(status, scenario)
            for (name, before) in zip(names, before) {
                let after = try Snapshot(of: lab.files(of: name))
                scenario.check(after == before, "the files of \(name) have changed")
                let entries = try Directory.open(lab.files(of: name).directory).entries()
                scenario.check(entries.count == 4, "beside the files of \(name): \(entries)")
            }
        }
    }

    private static func awaitFailures(
        of names: [String], _ agent: AgentProcess, _ scenario: Scenario,
        at location: SourceLocation = #_sourceLocation
    ) throws {
        var missing: [String] = []
        do {
            try scenario.wait(until: "all to fail", within: .seconds(30), at: location) {
                missing = try agent.status().certificates
                    .filter { names.contains($0.name) && $0.lastError == nil }.map(\.name)
                return missing.isEmpty
            }
        } catch let shortcoming as Shortcoming {
            throw Shortcoming("\(shortcoming): not \(missing)", at: location)
        }
    }

    /// Status and log tell the same, and it is what the table says.
    private static func expect(
        _ row: Row, _ certificate: AgentStatus.Certificate, _ agent: AgentProcess, _ scenario: Scenario
    ) {
        guard let error = certificate.lastError else { return }
        let told = "\(row.fault): \(error)"
        scenario.check(error.stage == row.stage && error.class == row.failureClass, told)
        scenario.check(!error.advice.isEmpty && !error.detail.isEmpty, told)
        scenario.check(certificate.installed != nil, "\(row.fault): the status lost what is installed")
        let logged = agent.process.logged(
            "service certificate processing failed",
            [
                "certificate": certificate.name, "stage": error.stage, "class": error.class,
                "advice": error.advice,
            ])
        scenario.check(!logged.isEmpty, "\(row.fault) is not in the log as in the status")
    }

    private static func expectOwnAdvices(_ status: AgentStatus, _ scenario: Scenario) {
        let errors = status.certificates.compactMap(\.lastError)
        let classes = Set(errors.map(\.class))
        scenario.check(
            Set(errors.map(\.advice)).count == classes.count, "kinds of failure share an advice: \(errors)")
        scenario.check(classes.count == Set(table.map(\.failureClass)).count, "classes: \(classes.sorted())")
    }

    /// The bytes of a certificate's files and what the kernel knows of them: a file that was replaced by the
    /// same bytes has changed too.
    private struct Snapshot: Equatable {
        let contents: [[UInt8]?]
        let statuses: [FileStatus?]

        init(of files: CertificateFiles) throws {
            contents = files.contents()
            statuses = try files.all.map { try File.status($0) }
        }
    }
}
