import FoundationEssentials
import POSIX
import Testing

@Suite(.serialized) struct `Trouble with the broker` {
    @Test func `a broker that is down at the start costs the back-off and no restart`() async throws {
        try await Scenario.play { scenario in
            let firstLab = try LabProcess(scenario)
            try AgentProcess.enroll(scenario, for: firstLab)
            try firstLab.stop(scenario)

            let agent = try AgentProcess(scenario, for: firstLab)
            try agent.awaitAPI(scenario)
            let certificate = try scenario.wait(for: "the failed order in the status") {
                let found = try agent.certificate("www")
                return found.lastError == nil ? nil : found
            }
            scenario.check(certificate.state == "missing", "state \(certificate.state)")
            scenario.check(
                certificate.why.contains("the broker can't be reached; it is tried again at"),
                "why: \(certificate.why)")
            scenario.check(certificate.lastError?.class == "broker_unreachable", "\(certificate)")
            let health = try agent.get("/healthz")
            scenario.check(health.status == 200, "GET /healthz: \(health)")
            let readiness = try agent.get("/readyz")
            scenario.check(readiness.status == 503, "GET /readyz: \(readiness)")

            let lab = try LabProcess(scenario, firstLab.sameAddresses)
            guard let next = certificate.nextAttemptAt else {
                throw Shortcoming("the status doesn't say when the next attempt is: \(certificate)")
            }
            let wait = next.timeIntervalSinceNow
            scenario.check(wait <= 30, "the first back-off is \(wait) s")
            try scenario.wait(
                until: "the certificate within the back-off", within: .seconds(max(0, wait) + 5)
            ) {
                lab.files(of: "www").areThere
            }
            try agent.awaitValid(scenario)
            scenario.check(try agent.get("/readyz").status == 200, "not ready with its certificate")
            scenario.check(try agent.status().broker.state == "reachable", "the broker's state is old")
        }
    }

    @Test func `one refused certificate among ten leaves nine issued`() async throws {
        try await Scenario.play { scenario in
            let lab = try LabProcess(scenario, ["--certificates", "10", "--fault", "forbidden@c0004"])
            try AgentProcess.enroll(scenario, for: lab)
            let agent = try AgentProcess(scenario, for: lab)
            try agent.awaitAPI(scenario)
            let status = try scenario.wait(for: "nine certificates and one failure") {
                let status = try agent.status()
                let valid = status.certificates.count { $0.state == "valid" }
                return valid == 9 && status.certificates.contains { $0.lastError != nil } ? status : nil
            }
            let refused = status.certificates.first { $0.state != "valid" }
            scenario.check(refused?.name == "c0004", "\(refused?.name ?? "none") is not valid")
            scenario.check(refused?.lastError?.stage == "order", "\(String(describing: refused))")
            scenario.check(refused?.lastError?.class == "forbidden", "\(String(describing: refused))")
            scenario.check(
                refused?.lastError?.advice.contains("policy") == true, "\(String(describing: refused))")
            scenario.check(lab.orders.count == 9, "the lab counts \(lab.orders.count) orders")
            let once = try AgentProcess.command("check", "--config", lab.configuration)
            scenario.check(once.output.contains("c0004"), "check doesn't name it: \(once)")
        }
    }

    @Test func `an agent without an identity lives, and takes one that enroll obtains`() async throws {
        try await Scenario.play { scenario in
            let lab = try LabProcess(scenario)
            // This one's agent may not enrol by itself.
            var configuration = try ConfigurationText(of: lab)
            try configuration.replace("bootstrap_token: \"\(lab.bootstrapToken)\"", with: "# no token")
            let agent = try AgentProcess(scenario, for: lab, configuration: try configuration.save(scenario))
            try agent.awaitAPI(scenario)
            try scenario.wait(until: "the status to say that it is not enrolled") {
                try agent.status().identity.state == "not_enrolled"
            }
            let health = try agent.get("/healthz")
            scenario.check(health.status == 200, "GET /healthz: \(health)")
            let readiness = try agent.get("/readyz")
            scenario.check(readiness.status == 503, "GET /readyz: \(readiness)")
            scenario.check(readiness.body.contains("\"not_enrolled\""), "GET /readyz: \(readiness)")
            let advice = try agent.status().identity.advice ?? ""
            scenario.check(advice.contains("certplane-agent enroll"), "advice: \(advice)")

            try AgentProcess.enroll(scenario, for: lab)
            try scenario.wait(until: "the certificate", within: .seconds(15)) {
                lab.files(of: "www").areThere
            }
            try agent.awaitValid(scenario)
            scenario.check(try agent.get("/readyz").status == 200, "not ready with its certificate")
        }
    }
}
