import TestSupport
import Testing

@Suite(.serialized) struct `What is served` {
    @Test func `is compared with the disk, so that a reload command that lies is caught`() async throws {
        try await Scenario.play { scenario in
            let honest = scenario.scratch.path("honest")
            let lab = try LabProcess(
                scenario,
                [
                    "--lifetime", "1h", "--reload-command",
                    "test ! -e \(honest) || { \(NginxProcess.reloadCommand(scenario)); }",
                ])
            try AgentProcess.enroll(scenario, for: lab)
            // nginx can't start before there is a certificate.
            let first = try AgentProcess.command("run", "--once", "-c", lab.configuration)
            try scenario.require(first.succeeded, "run --once: \(first)")
            let files = lab.files(of: "www")
            let nginx = try NginxProcess(scenario, serving: files)
            var text = try ConfigurationText(of: lab)
            try text.add(
                "verify: {address: '127.0.0.1:\(nginx.port)', server_name: www.lab.test}",
                toCertificate: "www")
            let agent = try AgentProcess(scenario, for: lab, configuration: text.save(scenario))
            try agent.awaitAPI(scenario)
            try scenario.wait(until: "nginx to be seen with the certificate on disk") {
                try agent.certificate("www").servedMatches == true
            }

            try agent.renew("www", scenario)
            let caught = try scenario.wait(for: "the lie to be caught") {
                let status = try agent.certificate("www")
                return status.reload.lastError?.class == "served_mismatch" ? status : nil
            }
            scenario.check(caught.state == "reload_pending", "the state is \(caught.state)")
            scenario.check(caught.servedMatches == false, "the old certificate counts as the new one")
            let gauge = "certplane_certificate_served_match{certificate=\"www\",profile=\"www\"} 0"
            scenario.check(try agent.get("/metrics").body.contains(gauge), "no \(gauge)")

            try scenario.scratch.write("honest", "")
            try scenario.wait(until: "the reload to be made up for", within: .seconds(60)) {
                try agent.certificate("www").servedMatches == true
            }
            scenario.check(try agent.certificate("www").state == "valid", "the reload is still pending")
            scenario.check(try nginx.servedSerial() == files.serial(), "nginx serves another certificate")
        }
    }
}
