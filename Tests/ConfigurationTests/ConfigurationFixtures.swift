import Configuration
import Foundation
import Testing

/// The files that tests begin with, and how they spoil them.
enum ConfigurationFixtures {
    static var repository: URL {
        URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
    }

    static func file(_ path: String) throws -> [UInt8] {
        Array(try Data(contentsOf: repository.appending(path: path)))
    }

    /// The smallest configuration; each line is there for a test to replace.
    static let minimal = """
        identity:
          name: edge01.example.net
          cert: /var/lib/certplane/identity.crt
          key: /var/lib/certplane/identity.key
          issuer_ca_bundle: /etc/certplane/identity-ca.crt
          step_ca:
            url: https://ca.example.net
            root_ca_bundle: /etc/certplane/root.crt
        broker:
          url: https://broker.example.net:8443
          server_ca_bundle: /etc/certplane/broker-ca.crt
        certificates:
          - name: www
            profile: public_www
            dns_names:
              - www.example.net
            key: /etc/tls/www.key
            cert: /etc/tls/www.crt
            chain: /etc/tls/www.chain.crt
            fullchain: /etc/tls/www.fullchain.crt

        """

    static func load(_ text: String) throws(InvalidConfiguration) -> AgentConfiguration {
        try AgentConfiguration.load(Array(text.utf8), file: "agent.yml")
    }

    /// What is wrong with a text; empty when it loads.
    static func problems(_ text: String) -> [ConfigurationProblem] {
        problems(Array(text.utf8))
    }

    static func problems(_ bytes: [UInt8]) -> [ConfigurationProblem] {
        do throws(InvalidConfiguration) {
            _ = try AgentConfiguration.load(bytes, file: "agent.yml")
            return []
        } catch {
            return error.problems
        }
    }
}
