import Configuration
import Lifecycle
import Testing

@Suite struct DifferenceTests {
    private static let whole = """
        state_dir: /var/lib/agent
        check_interval: 10m
        identity:
          name: edge01.example.net
          provider: step-ca
          cert: /var/lib/certplane/identity.crt
          key: /var/lib/certplane/identity.key
          issuer_ca_bundle: /etc/certplane/identity-ca.crt
          bootstrap_token: /etc/certplane/token
          renew_before: 8h
          warn_before: 24h
          step_ca:
            url: https://ca.example.net
            root_ca_bundle: /etc/certplane/root.crt
            timeout: 10s
        broker:
          url: https://broker.example.net:8443
          server_ca_bundle: /etc/certplane/broker-ca.crt
          timeout: 30s
        renewal:
          concurrency: 8
        api:
          listen: 127.0.0.1:9780
          token_file: /var/lib/agent-token
        logging:
          level: info
          format: text
          destination: stderr
        certificates:
          - name: www
            profile: public_www
            dns_names: [www.example.net]
            key: /etc/tls/www.key
            cert: /etc/tls/www.crt
            chain: /etc/tls/www.chain.crt
            fullchain: /etc/tls/www.fullchain.crt

        """

    private func difference(_ change: (String) -> String) throws -> ConfigurationDifference {
        let old = try ConfigurationFixtures.load(Self.whole)
        return old.difference(to: try ConfigurationFixtures.load(change(Self.whole)))
    }

    @Test func `a configuration differs in nothing from itself`() throws {
        #expect(try difference { $0 }.isEmpty)
        #expect(try difference { "# a comment\n" + $0 }.isEmpty)
    }

    @Test(arguments: [
        ("check_interval", "check_interval: 10m", "check_interval: 9m"),
        ("identity.name", "name: edge01", "name: edge02"),
        ("identity.cert", "cert: /var/lib/certplane/identity.crt", "cert: /var/lib/certplane/id.crt"),
        ("identity.key", "/identity.key", "/id.key"),
        ("identity.issuer_ca_bundle", "/identity-ca.crt", "/id-ca.crt"),
        ("identity.bootstrap_token", "/etc/certplane/token", "/etc/certplane/token2"),
        ("identity.renew_before", "renew_before: 8h", "renew_before: 7h"),
        ("identity.warn_before", "warn_before: 24h", "warn_before: 23h"),
        ("identity.step_ca.url", "https://ca.", "https://ca2."),
        ("identity.step_ca.root_ca_bundle", "/etc/certplane/root.crt", "/etc/certplane/root2.crt"),
        ("identity.step_ca.timeout", "timeout: 10s", "timeout: 11s"),
        ("broker.url", "https://broker.", "https://broker2."),
        ("broker.server_ca_bundle", "/broker-ca.crt", "/broker-ca2.crt"),
        ("broker.timeout", "timeout: 30s", "timeout: 31s"),
        ("renewal.concurrency", "concurrency: 8", "concurrency: 9"),
        ("api.listen", "127.0.0.1:9780", "127.0.0.1:9781"),
        ("api.listen", "127.0.0.1:9780", "off"),
        ("api.token_file", "/var/lib/agent-token", "/var/lib/agent-token2"),
        ("logging.level", "level: info", "level: debug"),
        ("logging.format", "format: text", "format: json"),
    ])
    func `a changed key is named`(key: String, old: String, new: String) throws {
        let difference = try difference { $0.replacing(old, with: new) }
        #expect(difference.settings == [key])
        #expect(difference.restartRequired.isEmpty && difference.changed.isEmpty)
    }

    @Test(arguments: [
        ("state_dir", "/var/lib/agent\n", "/var/lib/agent2\n"),
        ("logging.destination", "destination: stderr", "destination: stdout"),
    ])
    func `what counts only after a restart is named apart, and keeps its value`(
        key: String, old: String, new: String
    ) throws {
        let difference = try difference { $0.replacing(old, with: new) }
        #expect(difference.restartRequired == [key])
        #expect(difference.settings.isEmpty)
        let current = try ConfigurationFixtures.load(Self.whole)
        let next = try ConfigurationFixtures.load(Self.whole.replacing(old, with: new))
        #expect(current.followed(by: next) == current)
    }

    @Test func `the way step-ca is trusted is named by both its keys`() throws {
        let print = String(repeating: "ab", count: 32)
        let difference = try difference {
            $0.replacing("root_ca_bundle: /etc/certplane/root.crt", with: "fingerprint: \(print)")
        }
        #expect(difference.settings == ["identity.step_ca.fingerprint", "identity.step_ca.root_ca_bundle"])
    }

    @Test func `a token file that nobody named stays with the state directory`() throws {
        let unnamed = Self.whole.replacing("  token_file: /var/lib/agent-token\n", with: "")
        let current = try ConfigurationFixtures.load(unnamed)
        let next = try ConfigurationFixtures.load(
            unnamed.replacing("state_dir: /var/lib/agent\n", with: "state_dir: /srv/agent\n"))
        #expect(current.difference(to: next).settings.isEmpty)
        #expect(current.followed(by: next).api.tokenPath == "/var/lib/agent/api.token")
    }

    @Test func `certificates are named by what happened to them, sorted`() throws {
        func certificate(_ name: String, profile: String = "p") -> String {
            """
              - name: \(name)
                profile: \(profile)
                dns_names: [\(name).example.net]
                key: /etc/tls/\(name).key
                cert: /etc/tls/\(name).crt
                chain: /etc/tls/\(name).chain.crt
                fullchain: /etc/tls/\(name).fullchain.crt

            """
        }
        let old = try ConfigurationFixtures.load(
            Self.whole + ["z", "same", "k"].map { certificate($0) }.joined())
        let new = try ConfigurationFixtures.load(
            Self.whole + certificate("same") + certificate("k", profile: "q") + certificate("new")
                + certificate("b"))
        let difference = old.difference(to: new)
        #expect(difference.added.map(\.text) == ["b", "new"])
        #expect(difference.changed.map(\.text) == ["k"])
        #expect(difference.removed.map(\.text) == ["z"])
        #expect(difference.settings.isEmpty)
    }
}
