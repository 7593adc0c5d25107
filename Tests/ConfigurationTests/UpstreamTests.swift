import Configuration
import Lifecycle
import Testing

/// Files of upstream's agent load unchanged and mean the same.
@Suite struct UpstreamTests {
    let configuration: AgentConfiguration

    init() throws {
        configuration = try AgentConfiguration.load(
            ConfigurationFixtures.file("Tests/ConfigurationTests/Vectors/upstream.yml"), file: "upstream.yml")
    }

    @Test func `the identity is what the file says`() {
        let identity = configuration.identity
        #expect(configuration.stateDirectory == "/var/lib/certplane/agent")
        #expect(identity.name == "edge01.h.int.example.net")
        #expect(identity.provider == .stepCA)
        #expect(identity.certificatePath == "/var/lib/certplane/agent/identity.crt")
        #expect(identity.keyPath == "/var/lib/certplane/agent/identity.key")
        #expect(identity.issuerCABundlePath == "/etc/certplane/ca/agent-identity-ca-bundle.crt")
        #expect(identity.bootstrapTokenPath == "/etc/certplane/agent/bootstrap-token")
        #expect(identity.renewBefore == .seconds(6 * 3600 + 30 * 60))
        #expect(identity.warnBefore == .seconds(12 * 3600))
    }

    @Test func `a root bundle wins over a fingerprint, even one that is none`() {
        let stepCA = configuration.identity.stepCA
        #expect(stepCA.trust == .rootBundle(path: "/etc/certplane/ca/step-ca-root.crt"))
        #expect(stepCA.url.text == "https://ca.int.example.net")
        #expect(stepCA.timeout == .milliseconds(1500))
    }

    @Test func `the broker's trailing slash does not matter`() {
        let broker = configuration.broker
        #expect(broker.url.text == "https://certplane-broker.int.example.net:8443")
        #expect(broker.url.host == "certplane-broker.int.example.net")
        #expect(broker.url.port == 8443)
        #expect(broker.serverCABundlePath == "/etc/certplane/ca/broker-server-ca-bundle.crt")
        #expect(broker.timeout == .seconds(45))
        #expect(broker.failoverURLs.isEmpty)
    }

    @Test func `logging is what the file says`() {
        #expect(configuration.logging.level == .debug)
        #expect(configuration.logging.format == .json)
        #expect(configuration.logging.destination == .stdout)
    }

    @Test func `names are canonical, and repeated ones are one`() {
        #expect(configuration.certificates.map(\.name.text) == ["edge-wildcard", "www", "mail"])
        #expect(configuration.certificates.map(\.profile) == ["public_edge_main", "public_www", "mail"])
        #expect(configuration.certificates[0].dnsNames.texts == ["*.example.net", "example.net"])
        #expect(configuration.certificates[1].dnsNames.texts == ["api.example.net", "www.example.net"])
    }

    @Test func `outputs are what the file says`() {
        let outputs = OutputPaths(
            key: "/etc/nginx/tls/www.key", cert: "/etc/nginx/tls/www.crt",
            chain: "/etc/nginx/tls/www.chain.crt",
            fullchain: "/etc/nginx/tls/www.fullchain.crt")
        #expect(configuration.certificates[1].outputs == outputs)
    }

    @Test func `a written renewal time is explicit, zero and nothing are the default`() {
        #expect(
            configuration.certificates.map(\.renewBefore)
                == [.explicit(.seconds(720 * 3600)), .standard, .standard])
    }

    @Test func `a blank reload command is none, a block is kept whole`() {
        #expect(configuration.certificates[0].reload == nil)
        #expect(
            configuration.certificates[1].reload
                == ReloadSetting(command: "systemctl reload nginx", timeout: .seconds(90)))
        #expect(
            configuration.certificates[2].reload
                == ReloadSetting(
                    command: "set -e\nsystemctl reload postfix\nsystemctl reload dovecot\n",
                    timeout: .seconds(30)))
    }

    @Test func `keys of our own have their defaults`() {
        #expect(configuration.checkInterval == .seconds(600))
        #expect(configuration.renewal.concurrency == 8)
        #expect(configuration.api.listen == .loopback(host: "127.0.0.1", port: 9780))
        #expect(configuration.api.tokenPath == "/var/lib/certplane/agent/api.token")
        #expect(configuration.api.socketPath == nil)
        #expect(configuration.certificates[0].keyType == .ecP256)
        #expect(!configuration.certificates[0].reusesKey)
        #expect(configuration.certificates[0].ownership == FileOwnership())
    }

    @Test func `what upstream leaves out takes upstream's defaults`() throws {
        let minimal = try ConfigurationFixtures.load(ConfigurationFixtures.minimal)
        #expect(minimal.stateDirectory == "/var/lib/certplane/agent")
        #expect(minimal.identity.provider == .stepCA)
        #expect(minimal.identity.renewBefore == .seconds(8 * 3600))
        #expect(minimal.identity.warnBefore == .seconds(24 * 3600))
        #expect(minimal.identity.bootstrapTokenPath == nil)
        #expect(minimal.identity.stepCA.timeout == .seconds(10))
        #expect(minimal.broker.timeout == .seconds(30))
        #expect(minimal.logging.level == .info)
        #expect(minimal.logging.format == .text)
        #expect(minimal.logging.destination == .stderr)
        #expect(minimal.certificates[0].reload == nil)
        #expect(minimal.certificates[0].renewBefore == .standard)
    }
}
