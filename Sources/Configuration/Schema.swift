/// The keys a configuration may hold, by the mapping they belong to.
enum Schema {
    static let root = [
        "state_dir", "check_interval", "identity", "broker", "renewal", "api", "logging", "certificates",
    ]
    static let identity = [
        "name", "provider", "cert", "key", "issuer_ca_bundle", "bootstrap_token", "renew_before",
        "warn_before",
        "step_ca",
    ]
    static let stepCA = ["url", "fingerprint", "root_ca_bundle", "timeout"]
    static let broker = ["url", "failover_urls", "server_ca_bundle", "timeout"]
    static let renewal = ["concurrency"]
    static let api = ["listen", "socket", "socket_group", "token_file"]
    static let logging = ["level", "format", "destination"]
    static let certificate = [
        "name", "profile", "dns_names", "key", "cert", "chain", "fullchain", "combined", "reload_command",
        "reload_timeout", "renew_before", "key_type", "reuse_key", "owner", "group", "key_mode", "cert_mode",
        "verify",
    ]
    static let verify = ["address", "server_name", "interval"]

    /// Every mapping with the path it stands at, for telling where a misplaced key belongs.
    static let sections: [(place: String, keys: [String])] = [
        ("the top level", root), ("identity", identity), ("identity.step_ca", stepCA), ("broker", broker),
        ("renewal", renewal), ("api", api), ("logging", logging), ("certificates[]", certificate),
        ("certificates[].verify", verify),
    ]

    /// Keys whose values run as commands; they may hold passwords and are shown nowhere.
    static let commands: Set<String> = ["reload_command"]

    /// Keys whose values may appear in an excerpt.
    static let showable = Set(sections.flatMap(\.keys)).subtracting(commands)
}
