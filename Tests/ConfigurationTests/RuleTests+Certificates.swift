import Configuration
import Testing

extension RuleTests {
    private static let host = "Write a host name, like www.example.com or \"*.example.com\"."
    private static let own = "Give each of the two a file of its own."
    private static let rename = "Choose another name."

    static let certificate = [
        BrokenRule(
            "name: www", "name: ~", "13:5 certificates[0].name", "name is required",
            "Set name under certificates[0]."),
        BrokenRule(
            "name: www", "name: \(String(repeating: "n", count: 256))", "13:11 certificates[0].name",
            "the name is longer than 255 bytes", "Use a short name, like www."),
        BrokenRule(
            "profile: public_www", "", "13:5 certificates[0].profile", "profile is required",
            "Set profile under certificates[0]."),
        BrokenRule(
            "profile: public_www", "profile: x\nreload_comand: echo secret",
            "15:5 certificates[0].reload_comand",
            "unknown key", "Did you mean reload_command?"),
        BrokenRule(
            "www.example.net", "www", "16:9 certificates[0].dns_names[0]",
            "the name needs at least two labels",
            host),
        BrokenRule(
            "www.example.net", "bücher.example", "16:9 certificates[0].dns_names[0]",
            "the name is not ASCII; use punycode (xn--…)", host),
        BrokenRule(
            "www.example.net", "'a.*.example.net'", "16:9 certificates[0].dns_names[0]",
            "“*” may only be the whole first label, with at least two labels after it", host),
        BrokenRule(
            "www.example.net", "~", "16:7 certificates[0].dns_names", "at least one DNS name is required",
            "Add a line like - www.example.com."),
        BrokenRule(
            "www.example.net", "*.example.net", "16:10 ",
            "did not find expected alphabetic or numeric character while scanning an alias",
            "Quote a value that begins with * or &, like \"*.example.com\"."),
        BrokenRule(
            "key: /etc/tls/www.key", "", "13:5 certificates[0].key", "key is required",
            "Set key under certificates[0]."),
        BrokenRule(
            "key: /etc/tls/www.key", "key: tls/www.key", "17:10 certificates[0].key",
            "the path is not absolute", "Write the whole path, beginning with /."),
        BrokenRule(
            "key: /etc/tls/www.key", "key: /etc/\(String(repeating: "k", count: 256))",
            "17:10 certificates[0].key", "the path is too long",
            "A path holds 4095 bytes, each part of it 255."),
        BrokenRule(
            "cert: /etc/tls/www.crt", "cert: /etc//tls/x/../www.key", "18:11 certificates[0].cert",
            "this is the file of certificates[0].key in line 17", own),
        BrokenRule(
            "cert: /etc/tls/www.crt", "cert: /var/lib/certplane/identity.crt", "18:11 certificates[0].cert",
            "this is the file of identity.cert in line 3", own),
        BrokenRule(
            "fullchain: /etc/tls/www.fullchain.crt",
            "fullchain: /etc/tls/www.fullchain.crt\ncombined: /etc/tls//www.fullchain.crt",
            "21:15 certificates[0].combined", "this is the file of certificates[0].fullchain in line 20", own),
        BrokenRule(
            "fullchain: /etc/tls/www.fullchain.crt",
            "fullchain: /etc/tls/www.fullchain.crt\ncombined: /var/lib/certplane/identity.key",
            "21:15 certificates[0].combined", "this is the file of identity.key in line 4", own),
        BrokenRule(
            "chain: /etc/tls/www.chain.crt", "chain: /etc/certplane/root.crt", "19:12 certificates[0].chain",
            "this is the file of identity.step_ca.root_ca_bundle in line 8", own),
        BrokenRule(
            "chain: /etc/tls/www.chain.crt", "chain: /var/lib/certplane/agent/api.token",
            "19:12 certificates[0].chain", "this file of the state directory is the agent's own", rename),
        BrokenRule(
            "chain: /etc/tls/www.chain.crt", "chain: /var/lib/certplane/agent", "19:12 certificates[0].chain",
            "this is a directory: state_dir is /var/lib/certplane/agent", "Write the path of a file."),
        BrokenRule(
            "chain: /etc/tls/www.chain.crt", "chain: /etc/tls/.certplane-x", "19:12 certificates[0].chain",
            "names that begin with .certplane- are for files under construction", rename),
        BrokenRule(
            "chain: /etc/tls/www.chain.crt", "chain: /etc/tls/www.key/chain", "19:12 certificates[0].chain",
            "/etc/tls/www.key would be a directory here, but it is the file of certificates[0].key in line 17",
            "Move one of the two."),
        BrokenRule(
            "chain: /etc/tls/www.chain.crt", "chain: /etc/tls/www.key/\u{301}chain",
            "19:12 certificates[0].chain",
            "/etc/tls/www.key would be a directory here, but it is the file of certificates[0].key in line 17",
            "Move one of the two."),
    ]

    private static func key(
        _ text: String, _ place: String, _ message: String, _ hint: String
    ) -> BrokenRule {
        BrokenRule("profile: public_www", "profile: x\n\(text)", "15:\(place)", message, hint)
    }

    private static let modeHint = "Write four octal digits, like \"0640\"."

    static let certificateKeys: [BrokenRule] = [
        key(
            "key_type: rsa2048", "15 certificates[0].key_type",
            "\"rsa2048\" is not one of ec-p256, ec-p384, rsa-2048, rsa-3072, rsa-4096",
            "Did you mean rsa-2048?"),
        key(
            "reuse_key: 'true'", "16 certificates[0].reuse_key", "this must be true or false",
            "Write true or false, without quotes."),
        key("key_mode: 640", "15 certificates[0].key_mode", "\"640\" is not a file mode", modeHint),
        key("key_mode: '06400'", "15 certificates[0].key_mode", "\"06400\" is not a file mode", modeHint),
        key("key_mode: '0+40'", "15 certificates[0].key_mode", "\"0+40\" is not a file mode", modeHint),
        key("key_mode: 0680", "15 certificates[0].key_mode", "\"0680\" is not a file mode", modeHint),
        key(
            "key_mode: 0040", "15 certificates[0].key_mode", "the owner could not read the file",
            "Use a mode like \"0600\" or \"0640\"."),
        key(
            "cert_mode: 0666", "16 certificates[0].cert_mode", "everyone could write the file",
            "Use a mode like \"0640\" or \"0644\"."),
        key(
            "owner: root:root", "12 certificates[0].owner", "\"root:root\" is no user or group name",
            "Write one name or number, like www-data."),
        key(
            "group: [web]", "12 certificates[0].group", "a list can't stand here",
            "Write a single value after the colon."),
        key(
            "reload_command: \"a\\0b\"", "21 certificates[0].reload_command",
            "the command contains a NUL character", "Remove it."),
        key(
            "reload_timeout: 1m-5s", "21 certificates[0].reload_timeout", "\"m-\" is not a unit of time",
            "Use ns, us, ms, s, m, h or d."),
        key(
            "renew_before: 30", "19 certificates[0].renew_before", "a duration needs a unit",
            "Write a number with a unit, like 30s, 10m, 1h30m or 720h."),
        key(
            "combined: tls/www.pem", "15 certificates[0].combined", "the path is not absolute",
            "Write the whole path, beginning with /."),
        key(
            "combined: /etc/tls/.certplane-www.pem", "15 certificates[0].combined",
            "names that begin with .certplane- are for files under construction", rename),
        key(
            "verify: {server_name: a.example.net}", "13 certificates[0].verify.address",
            "address is required",
            "Set address under certificates[0].verify."),
        key(
            "verify: {address: '127.0.0.1:443', interval: 1ns}", "50 certificates[0].verify.interval",
            "the interval is shorter than ten seconds", "Use 10s or more."),
        key(
            "verify: {address: localhost}", "23 certificates[0].verify.address",
            "\"localhost\" is not a host and port", "Write it like 127.0.0.1:443 or [::1]:443."),
    ]
}
