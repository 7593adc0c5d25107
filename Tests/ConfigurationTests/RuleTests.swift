import Configuration
import Testing

/// One way to spoil the minimal configuration, and what is said about it.
struct BrokenRule: Sendable, CustomTestStringConvertible {
    /// The line that is replaced, without its indentation; empty to put lines before the first.
    let line: String
    let replacement: String
    let place: String
    let message: String
    let hint: String

    init(_ line: String, _ replacement: String, _ place: String, _ message: String, _ hint: String) {
        (self.line, self.replacement, self.place) = (line, replacement, place)
        (self.message, self.hint) = (message, hint)
    }

    var testDescription: String { replacement.isEmpty ? "without \(line)" : replacement }
}

@Suite struct RuleTests {
    /// Replaces whole lines; a replacement of several is indented like what it replaces.
    static func spoiled(_ rules: [BrokenRule]) -> String {
        var lines: [String] = []
        for line in ConfigurationFixtures.minimal.split(separator: "\n") {
            let text = line.drop { $0 == " " || $0 == "-" }
            let margin = String(line.prefix(line.count - text.count))
            let hits = rules.filter { text == $0.line }
            if hits.isEmpty {
                lines.append(String(line))
                continue
            }
            let blank = String(repeating: " ", count: margin.count)
            let texts = hits.flatMap { $0.replacement.split(separator: "\n") }
            for (index, text) in texts.enumerated() { lines.append((index == 0 ? margin : blank) + text) }
        }
        let before = rules.filter(\.line.isEmpty).map(\.replacement)
        return (before + lines).joined(separator: "\n") + "\n"
    }

    @Test(arguments: table)
    func `a broken rule is told with place, words and advice`(rule: BrokenRule) throws {
        let problems = ConfigurationFixtures.problems(Self.spoiled([rule]))
        let problem = try #require(problems.first)
        #expect(problems.count == 1, "\(problems.map(\.message))")
        #expect("\(problem.line):\(problem.column) \(problem.keyPath)" == rule.place)
        #expect(problem.message == rule.message)
        #expect(problem.hint == rule.hint)
        #expect(problem.file == "agent.yml")
    }

    static let table: [BrokenRule] = topLevel + identity + broker + api + certificate + certificateKeys

    static let topLevel = [
        BrokenRule(
            "", "state_dir: var/lib", "1:12 state_dir", "the path is not absolute",
            "Write the whole path, beginning with /."),
        BrokenRule(
            "", "state_dir: ~/agent", "1:12 state_dir", "~ is not expanded in paths",
            "Write the whole path, beginning with /."),
        BrokenRule(
            "", "state_dir: /tmp/..", "1:12 state_dir", "the path is the root directory",
            "Use a directory of its own."),
        BrokenRule("", "stat_dir: /x", "1:1 stat_dir", "unknown key", "Did you mean state_dir?"),
        BrokenRule(
            "", "timeout: 3s", "1:1 timeout", "unknown key", "timeout belongs under identity.step_ca."),
        BrokenRule(
            "", "zebra: 1", "1:1 zebra", "unknown key",
            "Keys that can stand here: state_dir, check_interval, identity, broker, renewal, api, logging, certificates."
        ),
        BrokenRule(
            "", "check_interval: 10", "1:17 check_interval", "a duration needs a unit",
            "Write a number with a unit, like 30s, 10m, 1h30m or 720h."),
        BrokenRule(
            "", "check_interval: 999ms", "1:17 check_interval", "the interval is shorter than a second",
            "Use 1s or more."),
        BrokenRule(
            "", "renewal: {concurrency: 0}", "1:24 renewal.concurrency",
            "this must be a whole number from 1 to 256", "Write it in decimal digits, without quotes."),
        BrokenRule(
            "", "renewal: {concurrency: 010}", "1:24 renewal.concurrency",
            "this must be a whole number from 1 to 256", "Write it in decimal digits, without quotes."),
        BrokenRule(
            "", "renewal: {concurrency: '8'}", "1:24 renewal.concurrency",
            "this must be a whole number from 1 to 256", "Write it in decimal digits, without quotes."),
        BrokenRule(
            "", "logging: info", "1:10 logging", "this must be a mapping",
            "Write its keys below it, indented: level, format, destination."),
        BrokenRule(
            "", "logging: {level: INFO}", "1:18 logging.level",
            "\"INFO\" is not one of debug, info, warn, error",
            "Did you mean info?"),
        BrokenRule(
            "", "logging: {level: warning}", "1:18 logging.level",
            "\"warning\" is not one of debug, info, warn, error", "Use one of these words."),
        BrokenRule(
            "", "logging: {format: logfmt}", "1:19 logging.format", "\"logfmt\" is not one of text, json",
            "Use one of these words."),
        BrokenRule(
            "", "logging: {destination: stdour}", "1:24 logging.destination",
            "\"stdour\" is not one of stderr, stdout", "Did you mean stdout?"),
        BrokenRule(
            "", "logging: {level: info, level: warn}", "1:24 ", "the key level is already set in line 1",
            "Keep one of the two lines."),
        BrokenRule(
            "", "logging: &log {level: info}", "1:10 ", "the anchor &log is not supported",
            "Write each value out where it is used, or quote it if it is meant to begin with &."),
        BrokenRule(
            "", "logging: {level: *level}", "1:18 ", "the alias *level is not supported",
            "Write the value out here, or quote it if it is meant to begin with *."),
        BrokenRule(
            "", "logging: {level: !!str info}", "1:18 ", "the tag tag:yaml.org,2002:str is not supported",
            "Remove it, or quote the value if it is meant to begin with !."),
    ]

    static let identity = [
        BrokenRule(
            "name: edge01.example.net", "", "1:1 identity.name", "name is required",
            "Set name under identity."),
        BrokenRule(
            "name: edge01.example.net", "name:", "2:3 identity.name", "name is required",
            "Set name under identity."),
        BrokenRule(
            "name: edge01.example.net", "name: ''", "2:3 identity.name", "name is required",
            "Set name under identity."),
        BrokenRule(
            "name: edge01.example.net", "name: ' '", "2:9 identity.name", "the value is blank",
            "Write a value after the colon."),
        BrokenRule(
            "name: edge01.example.net", "name: \"a\\nb\"", "2:9 identity.name",
            "the value contains a control character", "Remove line breaks, tabs and escapes."),
        BrokenRule(
            "name: edge01.example.net", "name: [a]", "2:9 identity.name", "a list can't stand here",
            "Write a single value after the colon."),
        BrokenRule(
            "name: edge01.example.net", "name: {a: b}", "2:9 identity.name",
            "a mapping can't stand here", "Write a single value after the colon."),
        BrokenRule(
            "name: edge01.example.net", "name: a\nprovider: stepca", "3:13 identity.provider",
            "\"stepca\" is not one of step-ca", "Did you mean step-ca?"),
        BrokenRule(
            "name: edge01.example.net", "name: a\nrenew_before: -1h", "3:17 identity.renew_before",
            "a duration can't be negative", "Remove the minus sign, or the key for the default."),
        BrokenRule(
            "name: edge01.example.net", "name: a\nwarn_before: 2w", "3:16 identity.warn_before",
            "\"w\" is not a unit of time", "Use ns, us, ms, s, m, h or d."),
        BrokenRule(
            "name: edge01.example.net", "name: a\nwarn_before: 300000000h", "3:16 identity.warn_before",
            "the duration is too long", "The longest is about 292 years."),
        BrokenRule(
            "name: edge01.example.net", "name: a\nwarn_before: soon", "3:16 identity.warn_before",
            "\"soon\" is not a duration", "Write a number with a unit, like 30s, 10m, 1h30m or 720h."),
        BrokenRule(
            "name: edge01.example.net", "name: a\nbootstrap_token: /etc/", "3:20 identity.bootstrap_token",
            "the path names a directory", "Write the path of a file."),
        BrokenRule(
            "cert: /var/lib/certplane/identity.crt", "", "1:1 identity.cert", "cert is required",
            "Set cert under identity."),
        BrokenRule(
            "key: /var/lib/certplane/identity.key", "key: /var/lib/certplane/./identity.crt",
            "4:8 identity.key",
            "this is the file of identity.cert in line 3", "Give each of the two a file of its own."),
        BrokenRule(
            "issuer_ca_bundle: /etc/certplane/identity-ca.crt", "", "1:1 identity.issuer_ca_bundle",
            "issuer_ca_bundle is required", "Set issuer_ca_bundle under identity."),
        BrokenRule(
            "url: https://ca.example.net", "", "6:3 identity.step_ca.url", "url is required",
            "Set url under identity.step_ca."),
        BrokenRule(
            "root_ca_bundle: /etc/certplane/root.crt", "", "6:3 identity.step_ca.root_ca_bundle",
            "root_ca_bundle or fingerprint is required",
            "Set root_ca_bundle to the PEM file of the root, or fingerprint to its SHA-256."),
        BrokenRule(
            "root_ca_bundle: /etc/certplane/root.crt", "fingerprint: 12:34",
            "8:18 identity.step_ca.fingerprint",
            "this is not the SHA-256 of a certificate",
            "Write the 64 hex digits that `step certificate fingerprint root_ca.crt` prints."),
        BrokenRule(
            "root_ca_bundle: /etc/certplane/root.crt", "root_ca_bundle: /etc/a\ntimeout: 1.5",
            "9:14 identity.step_ca.timeout", "a duration needs a unit",
            "Write a number with a unit, like 30s, 10m, 1h30m or 720h."),
    ]

    static let broker =
        [
            (
                "http://b.example.net", "the URL must begin with https://",
                "Write it like https://host.example.com:8443."
            ),
            ("broker.example.net:8443", "this is not a URL", "Write it like https://host.example.com:8443."),
            ("https://", "the URL has no valid host", "Write it like https://host.example.com:8443."),
            (
                "https://-a.example.net", "the URL has no valid host",
                "Write it like https://host.example.com:8443."
            ),
            ("https://a..b", "the URL has no valid host", "Write it like https://host.example.com:8443."),
            ("https://[::1", "the URL has no valid host", "Write it like https://host.example.com:8443."),
            ("https://b:0", "the URL has no valid port", "A port is a number from 1 to 65535."),
            ("https://b:65536", "the URL has no valid port", "A port is a number from 1 to 65535."),
            ("https://b:+443", "the URL has no valid port", "A port is a number from 1 to 65535."),
            ("https://me@b", "the URL holds a user name or password", "Remove what stands before @."),
            ("https://b/?x=1", "the URL has a query or fragment", "Remove ? or # and what follows."),
            ("https://b/#x", "the URL has a query or fragment", "Remove ? or # and what follows."),
            (
                "https://b/%zz", "the URL holds a character that is not allowed in one",
                "Percent-encode it; write international host names in punycode."
            ),
            (
                "https://bücher.example", "the URL holds a character that is not allowed in one",
                "Percent-encode it; write international host names in punycode."
            ),
        ].map {
            BrokenRule("url: https://broker.example.net:8443", "url: \($0.0)", "10:8 broker.url", $0.1, $0.2)
        } + [
            BrokenRule(
                "server_ca_bundle: /etc/certplane/broker-ca.crt", "", "9:1 broker.server_ca_bundle",
                "server_ca_bundle is required", "Set server_ca_bundle under broker."),
            BrokenRule(
                "server_ca_bundle: /etc/certplane/broker-ca.crt", "server_ca_bundle: /etc/b\ntimout: 3s",
                "12:3 broker.timout", "unknown key", "Did you mean timeout?"),
            BrokenRule(
                "server_ca_bundle: /etc/certplane/broker-ca.crt",
                "server_ca_bundle: /etc/b\nfailover_urls: https://b2.example.net",
                "12:18 broker.failover_urls",
                "this must be a list", "Write each item on a line of its own that begins with \"- \"."),
            BrokenRule(
                "server_ca_bundle: /etc/certplane/broker-ca.crt",
                "server_ca_bundle: /etc/b\nfailover_urls: [https://broker.example.net:8443/]",
                "12:19 broker.failover_urls[0]", "the same broker stands here twice", "Remove this line."),
        ]

    static let api =
        [
            "0.0.0.0:9780", ":9780", "localhost:9780", "[::]:9780", "::1:9780", "10.0.0.1:80", "127.1:80",
            "127.0.0.256:80", "127.0.0.01:80", "[::1%lo]:80", "no", "false",
        ].map {
            BrokenRule(
                "", "api: {listen: \"\($0)\"}", "1:15 api.listen",
                "\"\($0)\" is not an address of the loopback interface",
                "Use 127.0.0.1:9780, [::1]:9780 or off; the API is for this host only.")
        } + [
            BrokenRule(
                "", "api: {listen: 127.0.0.1}", "1:15 api.listen", "the port is missing",
                "Write it like 127.0.0.1:9780."),
            BrokenRule(
                "", "api: {listen: '[::1]'}", "1:15 api.listen", "the port is missing",
                "Write it like 127.0.0.1:9780."),
            BrokenRule(
                "", "api: {listen: '127.0.0.1:65536'}", "1:15 api.listen", "the port is not valid",
                "A port is a number from 0 to 65535."),
            BrokenRule(
                "", "api: {token_file: token}", "1:19 api.token_file", "the path is not absolute",
                "Write the whole path, beginning with /."),
            BrokenRule(
                "", "api: {token_file: /var/lib/certplane/agent/agent.lock}", "1:19 api.token_file",
                "this file of the state directory is the agent's own", "Choose another name."),
            BrokenRule(
                "", "api: {socket: /run/\(String(repeating: "s", count: 103))}", "1:15 api.socket",
                "the path of a socket can't be longer than 107 bytes",
                "Use a shorter one, like /run/certplane/agent.sock."),
            BrokenRule(
                "", "api: {socket_group: a b}", "1:21 api.socket_group", "\"a b\" is no user or group name",
                "Write one name or number, like www-data."),
        ]
}
