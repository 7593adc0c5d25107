import Configuration
import Lifecycle
import Testing

/// What a value means, where YAML's versions and habits disagree.
@Suite struct MeaningTests {
    private func certificate(_ lines: String) throws -> ManagedCertificate {
        try #require(
            ConfigurationFixtures.load(ConfigurationFixtures.minimal + lines.indented).certificates.first)
    }

    @Test(arguments: ["0640", "'0640'", "\"0640\"", "0o640"])
    func `a mode is octal however it is written`(text: String) throws {
        #expect(try certificate("key_mode: \(text)").ownership.keyMode == 0o640)
    }

    @Test(arguments: ["true", "True", "yes", "on", "YES"])
    func `yes is yes`(text: String) throws { #expect(try certificate("reuse_key: \(text)").reusesKey) }

    @Test(arguments: ["false", "no", "off", "", "~", "null"])
    func `no is no, and nothing is the default`(text: String) throws {
        #expect(try !certificate("reuse_key: \(text)").reusesKey)
    }

    @Test(arguments: [
        ("/etc/tls/www.pem", "/etc/tls/www.pem" as String?), ("", nil), ("''", nil), ("~", nil),
    ])
    func `a combined file is one more output, or none`(text: String, path: String?) throws {
        #expect(try certificate("combined: \(text)").outputs.combined == path)
    }

    @Test(arguments: ["", "~", "null", "NULL", "# nothing", "0s", "0h0m", "'0'", "-0s"])
    func `no renewal time is the standard one`(text: String) throws {
        #expect(try certificate("renew_before: \(text)").renewBefore == .standard)
    }

    @Test(arguments: ["", "''", "' '", "\"\\t\"", "~", "|\n      \n"])
    func `a blank command is none`(text: String) throws {
        #expect(try certificate("reload_command: \(text)").reload == nil)
    }

    @Test(arguments: ["no", "123", "0x1F", "1e3", "true", "2026-11-23", "'null'", "1_000", "0777"])
    func `a word that looks like something else is a text as written`(text: String) throws {
        let spoiled = ConfigurationFixtures.minimal.replacing("public_www", with: text)
        let profile = try ConfigurationFixtures.load(spoiled).certificates[0].profile
        #expect(profile == text.filter { $0 != "'" })
    }

    @Test func `empty sections and list items are absent`() throws {
        let text =
            ConfigurationFixtures.minimal.replacing(
                "- www.example.net", with: "- ~\n      - www.example.net\n      -")
            + "logging:\napi: ~\nrenewal: {}\n"
        let configuration = try ConfigurationFixtures.load(text)
        #expect(configuration.certificates[0].dnsNames.texts == ["www.example.net"])
        #expect(configuration.logging.level == .info)
    }

    @Test func `only the first document counts`() throws {
        let text = "---\n" + ConfigurationFixtures.minimal + "---\nnonsense: [true\n"
        #expect(try ConfigurationFixtures.load(text).broker.url.port == 8443)
    }

    @Test(arguments: [
        ("off", ListenAddress.off), ("OFF", .off), ("'off'", .off), ("~", .standard), ("''", .standard),
        ("127.0.0.1:9780", .standard), ("127.255.0.3:0", .loopback(host: "127.255.0.3", port: 0)),
        ("'[::1]:80'", .loopback(host: "::1", port: 80)),
        ("\"[::1]:65535\"", .loopback(host: "::1", port: 65535)),
    ])
    func `the API listens where it is told`(text: String, address: ListenAddress) throws {
        let configuration = try ConfigurationFixtures.load(
            ConfigurationFixtures.minimal + "api:\n  listen: \(text)\n")
        #expect(configuration.api.listen == address)
        #expect(try ListenAddress(validating: address.description) == address)
    }

    @Test(arguments: [
        ("https://b", "https://b", "b", 443),
        ("HTTPS://b.example.net/", "https://b.example.net", "b.example.net", 443),
        ("https://b:8443//", "https://b:8443", "b", 8443), ("https://b:/x/", "https://b/x", "b", 443),
        ("https://b/x/y%20z/", "https://b/x/y%20z", "b", 443),
        ("https://[::1]:9/", "https://[::1]:9", "::1", 9),
        ("https://10.0.0.1", "https://10.0.0.1", "10.0.0.1", 443), ("https://b.", "https://b.", "b.", 443),
    ])
    func `an address is kept without trailing slashes`(
        text: String, kept: String, host: String, port: UInt16
    ) throws {
        let url = try HTTPSURL(validating: text)
        #expect(url.text == kept)
        #expect(url.host == host)
        #expect(url.port == port)
    }

    @Test(arguments: [
        "ABCDEF0123456789abcdef0123456789ABCDEF0123456789abcdef0123456789",
        "sha256:abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789",
        "SHA256:AB:CD:EF:01:23:45:67:89:ab:cd:ef:01:23:45:67:89:AB:CD:EF:01:23:45:67:89:ab:cd:ef:01:23:45:67:89",
    ])
    func `a fingerprint's case, colons and prefix do not matter`(text: String) throws {
        let spoiled = ConfigurationFixtures.minimal.replacing(
            "root_ca_bundle: /etc/certplane/root.crt", with: "fingerprint: \(text)")
        let trust = try ConfigurationFixtures.load(spoiled).identity.stepCA.trust
        let hex = String(repeating: "abcdef0123456789", count: 4)
        #expect(trust == .fingerprint(try #require(Fingerprint(hex))))
    }

    @Test func `the state directory carries the default token file with it`() throws {
        let configuration = try ConfigurationFixtures.load(
            "state_dir: /srv/agent//\n" + ConfigurationFixtures.minimal)
        #expect(configuration.stateDirectory == "/srv/agent")
        #expect(configuration.api.tokenPath == "/srv/agent/api.token")
    }

    @Test(arguments: [
        ("WWW.Example.NET.", "www.example.net"), ("' a.example.net '", "a.example.net"),
        ("'*.example.net'", "*.example.net"), ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("1.example", "1.example"), ("a--b.example", "a--b.example"),
    ])
    func `a DNS name is canonical`(text: String, name: String) throws {
        let spoiled = ConfigurationFixtures.minimal.replacing("- www.example.net", with: "- \(text)")
        #expect(try ConfigurationFixtures.load(spoiled).certificates[0].dnsNames.texts == [name])
    }

    @Test(arguments: [
        "www", "''", "'.'", "a b.example", "a..example", ".a.example", "b\u{FC}cher.example", "-a.example",
        "a-.example", "a_b.example", "'*.example'", "'*'", "'a.*.example.net'", "'w*.example.net'",
        "\(String(repeating: "a", count: 64)).example", "\(String(repeating: "abc.", count: 63))ab",
    ])
    func `what is no DNS name is refused`(text: String) {
        let spoiled = ConfigurationFixtures.minimal.replacing("- www.example.net", with: "- \(text)")
        #expect(ConfigurationFixtures.problems(spoiled).map(\.keyPath) == ["certificates[0].dns_names[0]"])
    }

    @Test func `bundles that are only read may be one file`() throws {
        let text = ConfigurationFixtures.minimal.replacing("broker-ca.crt", with: "root.crt")
        #expect(try ConfigurationFixtures.load(text).broker.serverCABundlePath == "/etc/certplane/root.crt")
    }

    @Test func `nine thousand certificates load`() throws {
        var text = ConfigurationFixtures.minimal
        for number in 1...9000 {
            text += """
                  - {name: c\(number), profile: p, dns_names: [c\(number).example.net], key: /t/\(number).key,
                     cert: /t/\(number).crt, chain: /t/\(number).chain, fullchain: /t/\(number).full}

                """
        }
        #expect(try ConfigurationFixtures.load(text).certificates.count == 9001)
    }
}

extension String {
    /// As a line of the minimal configuration's certificate.
    fileprivate var indented: String { "    \(self)\n" }
}
