import Configuration
import Foundation
import Lifecycle
import Testing

/// The example that is shipped: it loads, and it shows everything there is.
@Suite struct ExampleTests {
    let text: String

    init() throws {
        text = String(decoding: try ConfigurationFixtures.file("packaging/agent.example.yml"), as: UTF8.self)
    }

    @Test func `the example loads`() throws {
        let configuration = try ConfigurationFixtures.load(text)
        #expect(configuration.certificates.map(\.name.text) == ["www"])
        #expect(
            configuration.certificates[0].ownership
                == FileOwnership(owner: "root", group: "www-data", keyMode: 0o640, certMode: 0o644))
    }

    /// The lines that are switched off show defaults: switching them on changes nothing but the trust that both
    /// ways of trusting step-ca share, and the renewal time, which becomes explicit.
    @Test func `defaults in comments are the defaults`() throws {
        let written = try ConfigurationFixtures.load(text)
        var lines: [Substring] = []
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            let bare = line.drop { $0 == " " }
            let setting = bare.hasPrefix("# ") ? bare.dropFirst(2) : ""
            let key = setting.prefix { $0 != ":" }
            let switchable = [
                "state_dir", "check_interval", "provider", "renew_before", "warn_before", "fingerprint",
                "timeout",
                "token_file", "reload_timeout", "key_type", "reuse_key", "renewal",
            ]
            if switchable.contains(String(key)) {
                lines.append(line.prefix(line.count - bare.count) + setting)
            } else if line == "#   concurrency: 8" {
                lines.append("  concurrency: 8")
            } else {
                lines.append(line)
            }
        }
        var complete = try ConfigurationFixtures.load(lines.joined(separator: "\n"))
        #expect(complete.certificates[0].renewBefore == .explicit(.seconds(720 * 3600)))
        complete.certificates[0].renewBefore = .standard
        #expect(complete == written)
    }

    @Test func `every key of the specification stands in the example`() {
        let keys = [
            "state_dir", "check_interval", "identity", "name", "provider", "cert", "key", "issuer_ca_bundle",
            "bootstrap_token", "renew_before", "warn_before", "step_ca", "url", "fingerprint",
            "root_ca_bundle",
            "timeout", "broker", "server_ca_bundle", "failover_urls", "certificates", "profile", "dns_names",
            "chain", "fullchain", "combined", "reload_command", "reload_timeout", "key_type", "reuse_key",
            "owner",
            "group", "key_mode", "cert_mode", "verify", "address", "server_name", "interval", "renewal",
            "concurrency", "api", "listen", "socket", "socket_group", "token_file", "logging", "level",
            "format",
            "destination",
        ]
        for key in keys {
            let isShown = text.split(separator: "\n").contains { line in
                line.drop { " #-".contains($0) }.hasPrefix("\(key):")
            }
            #expect(isShown, "\(key)")
        }
    }
}
