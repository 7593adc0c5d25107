import Testing

@Suite(.serialized) struct `The metrics` {
    @Test func `satisfy promtool, have no series twice, and are scraped by a real Prometheus`() async throws {
        try await Scenario.play { scenario in
            let lab = try LabProcess(scenario, ["--certificates", "3", "--fault", "forbidden@c0003"])
            try AgentProcess.enroll(scenario, for: lab)
            let agent = try AgentProcess(scenario, for: lab)
            try agent.awaitAPI(scenario)
            guard let port = agent.port else { throw Shortcoming("no port") }
            let prometheus = try PrometheusProcess(scenario, scraping: port)
            try scenario.wait(until: "two certificates and a failure") {
                let certificates = try agent.status().certificates
                return certificates.count { $0.state == "valid" } == 2 && certificates[2].lastError != nil
            }

            let lint = try Shell.line(
                "curl --silent --noproxy '*' \(agent.url("/metrics")) | promtool check metrics")
            scenario.check(lint.succeeded && lint.output.isEmpty, "promtool: \(lint)")
            let text = try agent.get("/metrics").body
            let series = text.split(separator: "\n").filter { !$0.hasPrefix("#") }
                .map { $0[..<($0.lastIndex(of: " ") ?? $0.endIndex)] }
            let twice = Dictionary(grouping: series) { $0 }.filter { $0.value.count > 1 }.keys.sorted()
            scenario.check(twice.isEmpty, "twice: \(twice)")
            scenario.check(series.count > 100, "only \(series.count) series:\n\(text)")

            try scenario.wait(until: "the first scrape") {
                try prometheus.query("up").contains { $0.value.text == "1" }
            }
            let states = try prometheus.query("certplane_certificate_status")
            let byName = Dictionary(
                uniqueKeysWithValues: states.map { ($0.metric["certificate"], $0.metric["state"]) })
            scenario.check(
                byName == ["c0001": "valid", "c0002": "valid", "c0003": "missing"], "states: \(byName)")
            let failed = try prometheus.query("certplane_certificate_renewals_total{result=\"failed\"} > 0")
            scenario.check(failed.map { $0.metric["profile"] } == ["c0003"], "failed: \(failed)")
            let life = try prometheus.query(
                "certplane_certificate_not_after_timestamp_seconds{profile=\"c0001\"} - time() > 86400 * 89"
            )
            scenario.check(life.count == 1, "the certificate's end is not in 90 days")
        }
    }
}
