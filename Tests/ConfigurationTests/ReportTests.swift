import Configuration
import Foundation
import Testing

@Suite struct ReportTests {
    /// Every part of the file is wrong in some way.
    static let wreck = """
        state_dir: agent
        chek_interval: 5m
        check_interval: 10
        identity:
          name: ""
          provider: vault
          cert: identity.crt
          renew_before: -8h
          warn_before: 1y
          step_ca:
            url: http://ca.example.net
            fingerprint: abc
            timeout: 10
        broker:
          url: https://me:pw@broker.example.net
          failover_urls: [https://b2.example.net]
          timeout: 30s
          timeout: 40s
        renewal:
          concurrency: many
        api:
          listen: 0.0.0.0:9780
          socket: run/a.sock
          token_file: token
        logging:
          level: verbose
          format: yaml
          destination: syslog
        certificates:
          - name: www
            profile: p
            dns_names: [www, "ok.example.net", "b..example.net"]
            key: /etc/tls/www.key
            cert: /etc/tls/www.key
            chain: chain.pem
            fullchain: /etc/tls/www.fullchain.crt
            reload_command: systemctl --password=hunter2 reload nginx
            reload_command: systemctl --password=hunter3 reload nginx
            reload_comand: systemctl --password=hunter4 reload nginx
            key_type: rsa
            key_mode: 600
            combined: www.pem
          - name: www
            profile: p
            dns_names: &names ["a.example.net"]
            key: /etc/tls/www.fullchain.crt
            cert: *names
            verify: {address: nowhere}
          - name: mail
            owner: "a:b"
            reuse_key: maybe
            reload_timeout: 0x10
        """

    static let expected: Set<String> = [
        "1 state_dir", "2 chek_interval", "3 check_interval", "5 identity.name", "6 identity.provider",
        "7 identity.cert", "4 identity.key", "4 identity.issuer_ca_bundle", "8 identity.renew_before",
        "9 identity.warn_before", "11 identity.step_ca.url", "12 identity.step_ca.fingerprint",
        "13 identity.step_ca.timeout", "15 broker.url", "14 broker.server_ca_bundle",
        "18 ", "20 renewal.concurrency", "22 api.listen", "23 api.socket", "24 api.token_file",
        "26 logging.level", "27 logging.format", "28 logging.destination", "32 certificates[0].dns_names[0]",
        "32 certificates[0].dns_names[2]", "34 certificates[0].cert", "35 certificates[0].chain", "38 ",
        "39 certificates[0].reload_comand", "40 certificates[0].key_type", "41 certificates[0].key_mode",
        "42 certificates[0].combined", "43 certificates[1].name", "45 ", "46 certificates[1].key", "47 ",
        "43 certificates[1].chain", "43 certificates[1].fullchain", "48 certificates[1].verify.address",
        "49 certificates[2].profile", "49 certificates[2].dns_names", "49 certificates[2].key",
        "49 certificates[2].cert", "49 certificates[2].chain", "49 certificates[2].fullchain",
        "50 certificates[2].owner", "51 certificates[2].reuse_key", "52 certificates[2].reload_timeout",
    ]

    @Test func `everything that is wrong is told at once, in the order of the file`() {
        let problems = ConfigurationFixtures.problems(Self.wreck)
        #expect(Set(problems.map { "\($0.line) \($0.keyPath)" }) == Self.expected)
        #expect(problems.count == Self.expected.count)
        #expect(problems.map(\.line) == problems.map(\.line).sorted())
        #expect(problems.allSatisfy { !$0.message.isEmpty && !$0.hint.isEmpty })
    }

    @Test func `no part of a command is shown, however its key is spelt`() throws {
        let problems = ConfigurationFixtures.problems(Self.wreck)
        let json = String(decoding: try JSONEncoder().encode(problems), as: UTF8.self)
        #expect(!ConfigurationReport(problems).text.contains("hunter"))
        #expect(!json.contains("hunter"))
        #expect(problems.contains { $0.excerpt == "    reload_comand: …" })
    }

    static let brokenSyntax = [
        "reload_command: 'hunter\n", "x: 1\nreload_command: hunter\n\ty: 2\n", "reload_command: a: hunter\n",
        "- reload_command: a\n  hunter: [\n", "{reload_command: hunter, x: ]}\n",
        "reload_command: |\n  hunter\n bad\n",
        "reload_command: >\n  name: hunter\n  @\n a\n", "reload_command: \"\\q hunter\"\n",
        "reload_comand: a: hunter\n", "name: {reload_comand: hunter: 3}\n", "\"reload_command\": @hunter\n",
        "? reload_command\n: @hunter\n", "reload_command: hunter\u{1}\n", "&a reload_command: a: hunter\n",
        "dns_names:\n  - a: b\n    reload_command: x\n      name: hunter: 3\n",
    ]

    @Test(arguments: brokenSyntax)
    func `not even in a file that can't be parsed`(text: String) {
        let problems = ConfigurationFixtures.problems(text)
        #expect(!problems.isEmpty)
        #expect(!ConfigurationReport(problems).text.contains("hunter"))
    }

    @Test func `the report says place, problem, line and what to do`() {
        let text = ConfigurationFixtures.minimal.replacingOccurrences(
            of: "url: https://b", with: "url: http://b")
        let report = ConfigurationReport(ConfigurationFixtures.problems(text))
        #expect(report.summary == "1 problem in agent.yml")
        #expect(
            report.text == """
                agent.yml:10:8: broker.url: the URL must begin with https://
                  10 |   url: http://broker.example.net:8443
                     |        ^
                  Write it like https://host.example.com:8443.

                """)
    }

    @Test func `a problem is JSON with stable keys`() throws {
        let problem = try #require(
            ConfigurationFixtures.problems("state_dir: x\n").first { $0.keyPath == "state_dir" })
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        #expect(
            String(decoding: try encoder.encode(problem), as: UTF8.self)
                == """
                {"column":12,"excerpt":"state_dir: x","file":"agent.yml",\
                "hint":"Write the whole path, beginning with /.","key":"state_dir","line":1,\
                "message":"the path is not absolute"}
                """)
    }

    @Test func `a long list is cut, with the number of the rest`() {
        var report = ConfigurationReport(ConfigurationFixtures.problems(Self.wreck))
        report.shown = 2
        #expect(report.text.hasSuffix("… and \(Self.expected.count - 2) more\n"))
        #expect(report.summary == "\(Self.expected.count) problems in agent.yml")
    }
}
