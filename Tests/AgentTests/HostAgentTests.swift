import Configuration
import POSIX
import TestSupport
import Testing

@testable import Agent

@Suite struct HostAgentTests {
    private let host: TestHost

    init() throws { host = try TestHost() }

    private func makeAgent() throws -> HostAgent {
        let text = """
            state_dir: \(host.scratch.path("state"))
            identity:
              name: edge01.example.org
              cert: \(host.scratch.path("state/identity.crt"))
              key: \(host.scratch.path("state/identity.key"))
              issuer_ca_bundle: \(host.scratch.path("identity-ca.crt"))
              step_ca:
                url: https://ca.example.org
                root_ca_bundle: \(host.scratch.path("root.crt"))
            broker:
              url: https://broker.example.org
              server_ca_bundle: \(host.scratch.path("root.crt"))
            certificates:
              - name: web
                profile: web
                dns_names: [a.example.org]
                key: \(host.scratch.path("out/key.pem"))
                cert: \(host.scratch.path("out/cert.pem"))
                chain: \(host.scratch.path("out/chain.pem"))
                fullchain: \(host.scratch.path("out/fullchain.pem"))
            """
        let settings = try AgentConfiguration.load(Array(text.utf8), file: "agent.yml")
        return try HostAgent(
            LoadedConfiguration(path: "agent.yml", hash: "", settings: settings), version: "0", log: host.log)
    }

    /// Whatever else the process starts may stage files of its own from then on.
    @Test func `what a dead agent left staged is gone before anything runs`() throws {
        _ = try host.stateDirectory()
        let left = try host.scratch.write("state/.certplane-0123456789abcdef", "half a record", mode: 0o600)
        let agent = try makeAgent()
        #expect(try File.status(left) == nil)
        withExtendedLifetime(agent) {}
    }
}
