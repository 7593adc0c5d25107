import Lifecycle

/// The sections of `agent.yml`. Each function answers nil when a required part is missing or wrong.
extension Section {
    func agentConfiguration() -> AgentConfiguration? {
        let stateDirectory = stateDirectory()
        let checkInterval = checkInterval()
        let identity = section("identity", keys: Schema.identity).identitySettings()
        let broker = section("broker", keys: Schema.broker).brokerSettings()
        let concurrency = section("renewal", keys: Schema.renewal).number(
            "concurrency", in: 1...256, default: 8)
        let api = apiSettings(besides: stateDirectory)
        let logging = section("logging", keys: Schema.logging).loggingSettings()
        let certificates = certificates()
        var conflicts = PathConflicts(stateDirectory: stateDirectory)
        conflicts.judge(findings.claims)
        guard let identity, let broker, let certificates else { return nil }
        return AgentConfiguration(
            stateDirectory: stateDirectory, checkInterval: checkInterval, identity: identity, broker: broker,
            renewal: RenewalSettings(concurrency: concurrency),
            api: api, logging: logging, certificates: certificates)
    }

    func stateDirectory() -> String {
        nonEmpty("state_dir")?.directoryPath() ?? "/var/lib/certplane/agent"
    }

    func apiSettings(besides stateDirectory: String) -> APISettings {
        section("api", keys: Schema.api).apiSettings(stateDirectory: stateDirectory)
    }

    private func checkInterval() -> Duration {
        let standard = Duration.seconds(600)
        guard let field = self["check_interval"], let interval = field.duration() else { return standard }
        if interval < .seconds(1) {
            field.complain("the interval is shorter than a second", hint: "Use 1s or more.")
        }
        return interval
    }

    private func identitySettings() -> IdentitySettings? {
        let name = required("name")?.word()
        let provider = choice("provider", default: IdentitySettings.Provider.stepCA)
        let certificatePath = required("cert")?.filePath(.exclusive)
        let keyPath = required("key")?.filePath(.exclusive)
        let issuerCABundlePath = required("issuer_ca_bundle")?.filePath(.shared)
        let bootstrapTokenPath = nonEmpty("bootstrap_token")?.filePath(.exclusive)
        let renewBefore = duration("renew_before", default: .seconds(8 * 3600))
        let warnBefore = duration("warn_before", default: .seconds(24 * 3600))
        let stepCA = section("step_ca", keys: Schema.stepCA).stepCASettings()
        guard let name, let certificatePath, let keyPath, let issuerCABundlePath, let stepCA else {
            return nil
        }
        return IdentitySettings(
            name: name, provider: provider, certificatePath: certificatePath, keyPath: keyPath,
            issuerCABundlePath: issuerCABundlePath, bootstrapTokenPath: bootstrapTokenPath,
            renewBefore: renewBefore, warnBefore: warnBefore, stepCA: stepCA)
    }

    private func stepCASettings() -> StepCASettings? {
        let url = required("url")?.url()
        let trust = stepCATrust()
        let timeout = duration("timeout", default: .seconds(10))
        guard let url, let trust else { return nil }
        return StepCASettings(url: url, trust: trust, timeout: timeout)
    }

    /// A fingerprint beside a bundle is never used, so it is not judged either.
    private func stepCATrust() -> StepCASettings.Trust? {
        if let field = nonEmpty("root_ca_bundle") {
            return field.filePath(.shared).map { .rootBundle(path: $0) }
        }
        if let field = nonEmpty("fingerprint") { return field.fingerprint().map { .fingerprint($0) } }
        reportMissing(
            "root_ca_bundle", "root_ca_bundle or fingerprint is required",
            hint: "Set root_ca_bundle to the PEM file of the root, or fingerprint to its SHA-256.")
        return nil
    }

    private func brokerSettings() -> BrokerSettings? {
        let url = required("url")?.url()
        let failoverURLs = failoverURLs(besides: url)
        let serverCABundlePath = required("server_ca_bundle")?.filePath(.shared)
        let timeout = duration("timeout", default: .seconds(30))
        guard let url, let serverCABundlePath else { return nil }
        return BrokerSettings(
            url: url, failoverURLs: failoverURLs, serverCABundlePath: serverCABundlePath, timeout: timeout)
    }

    private func failoverURLs(besides first: HTTPSURL?) -> [HTTPSURL] {
        var known = Set(first.map { [$0] } ?? [])
        return (self["failover_urls"]?.items() ?? []).compactMap { item in
            guard let url = item.url() else { return nil }
            if known.insert(url).inserted { return url }
            return item.reject("the same broker stands here twice", hint: "Remove this line.")
        }
    }

    private func apiSettings(stateDirectory: String) -> APISettings {
        let settings = APISettings(
            listen: nonEmpty("listen")?.listenAddress() ?? .standard,
            socketPath: nonEmpty("socket")?.socketPath(),
            socketGroup: nonEmpty("socket_group")?.account(),
            tokenPath: nonEmpty("token_file")?.filePath(.exclusive) ?? "\(stateDirectory)/api.token")
        return settings
    }

    private func loggingSettings() -> LoggingSettings {
        LoggingSettings(
            level: choice("level", default: .info), format: choice("format", default: .text),
            destination: choice("destination", default: .stderr))
    }
}
