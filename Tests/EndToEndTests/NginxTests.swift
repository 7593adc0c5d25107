import Testing

@Suite(.serialized) struct `A real nginx` {
    @Test func `serves each renewal, and no handshake fails meanwhile`() async throws {
        try await Scenario.play { scenario in
            let lab = try LabProcess(
                scenario,
                ["--lifetime", "30s", "--reload-command", NginxProcess.reloadCommand(scenario)])
            try AgentProcess.enroll(scenario, for: lab)
            let agent = try AgentProcess(scenario, for: lab)
            try agent.awaitValid(scenario)
            let files = lab.files(of: "www")
            let nginx = try NginxProcess(scenario, serving: files)
            let loop = try HandshakeLoop(scenario, port: nginx.port, root: lab.serviceRoot)

            let first = try Self.served(by: nginx, files, after: nil, scenario)
            try agent.renew("www", scenario)
            let second = try Self.served(by: nginx, files, after: first, scenario)
            // Half of its life is the window of a certificate that lives so shortly.
            let third = try Self.served(by: nginx, files, after: second, scenario)
            scenario.check(third != first, "the first certificate is back")

            let handshakes = loop.stop()
            scenario.check(
                handshakes.failures.isEmpty,
                "\(handshakes.failures.count) handshakes failed: \(handshakes.failures.first ?? "")")
            scenario.check(handshakes.succeeded > 50, "only \(handshakes.succeeded) handshakes")
            let reasons = agent.process.logged("certificate is due").map { $0["reason"] }
            scenario.check(reasons.prefix(3) == ["missing", "requested", "expiring"], "due as \(reasons)")
            scenario.check(
                Set(lab.orders.map { $0["key"] }).count == lab.orders.count, "a key was used twice")
        }
    }

    /// The serial that openssl is shown, once it is another than `old` and the one on disk.
    private static func served(
        by nginx: NginxProcess, _ files: CertificateFiles, after old: String?, _ scenario: Scenario,
        at location: SourceLocation = #_sourceLocation
    ) throws -> String {
        try scenario.wait(
            for: "nginx to serve another certificate than \(old ?? "none")", within: .seconds(40),
            at: location
        ) {
            guard let served = try nginx.servedSerial(), served != old else { return nil }
            return try files.serial() == served ? served : nil
        }
    }
}
