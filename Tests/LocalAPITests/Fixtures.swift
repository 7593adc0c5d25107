import Foundation
import Lifecycle

@testable import LocalAPI

extension Snapshot {
    /// An agent whose broker has answered, with its certificates.
    static func fixture(
        _ certificates: [CertificateStatus] = [.fixture()], renewals: [RenewalRecord] = [],
        clock: ClockStatus = ClockStatus(skew: .milliseconds(250)),
        _ change: (inout AgentFacts, inout IdentityStatus, inout BrokerStatus) -> Void = { _, _, _ in }
    ) -> Snapshot {
        var agent = AgentFacts(
            version: "1.2.3", pid: 812, startedAt: TestAPI.now - 3600, configPath: "/etc/certplane/agent.yml",
            configHash: "c0ffee", configLoadedAt: TestAPI.now - 3600, lastTickAt: TestAPI.now - 1)
        var identity = IdentityStatus(name: "web-1", state: .valid)
        identity.facts = IdentityFacts(
            name: "web-1", serial: "1c", issuer: "CN=Machines", notBefore: TestAPI.now - 3600,
            notAfter: TestAPI.now + 82_800)
        identity.effectiveRenewBefore = .seconds(28_800)
        identity.renewals = ResultCounts(succeeded: 2, failed: 1)
        var broker = BrokerStatus(
            state: .reachable,
            requests: [BrokerRequestCount(endpoint: "/v1/certificates", code: "200", count: 3)])
        broker.endpoint = "https://broker.example.org:8443"
        broker.lastContactAt = TestAPI.now - 60
        broker.lastSuccessAt = TestAPI.now - 60
        var first = SingleBrokerStatus(address: BrokerAddress("https://b1.example.net"), state: .reachable)
        first.lastContactAt = TestAPI.now - 60
        broker.brokers = [
            first, SingleBrokerStatus(address: BrokerAddress("https://b2.example.net"), state: .unknown),
        ]
        change(&agent, &identity, &broker)
        var counters = HostCounters()
        counters.renewalDuration.observe(.milliseconds(200))
        counters.renewalDuration.observe(.seconds(7))
        counters.renewalDuration.observe(.seconds(4000))
        return Snapshot(
            takenAt: TestAPI.now, agent: agent, identity: identity, broker: broker,
            clock: clock,
            certificates: certificates.sorted { $0.name < $1.name }, renewals: renewals, counters: counters)
    }
}

extension CertificateStatus {
    /// A valid certificate with a reload command; `change` makes it what a test needs.
    static func fixture(
        _ name: String = "www", _ change: (inout CertificateStatus) -> Void = { _ in }
    ) -> CertificateStatus {
        guard let name = try? CertificateName(validating: name),
            let host = try? DNSName(validating: "www.example.org"), let names = DNSNameSet([host])
        else { fatalError("the fixture has no name") }
        let wanted = ManagedCertificate(
            name: name, profile: "web", dnsNames: names,
            outputs: OutputPaths(
                key: "/etc/ssl/www.key", cert: "/etc/ssl/www.crt", chain: "/etc/ssl/www.chain",
                fullchain: "/etc/ssl/www.full"),
            reload: ReloadSetting(command: "systemctl reload nginx # s3cret"))
        var status = CertificateStatus(wanted: wanted, state: .valid, why: "not due")
        let installed = InstalledCertificate(
            serial: "4f2a", notBefore: TestAPI.now - 86_400, notAfter: TestAPI.now + 7_689_599,
            dnsNames: ["www.example.org"], keyType: .ecP256, issuer: "CN=Example CA", sha256: "9f86",
            spkiSHA256: "6030")
        status.installed = installed
        status.window = RenewalWindow(lifetime: installed.lifetime, renewBefore: .standard)
        status.nextRenewalAt = TestAPI.now + 5_000_000
        status.nextCheckAt = TestAPI.now + 600
        status.nextAttemptAt = TestAPI.now + 5_000_000
        status.hasBeenAttempted = true
        status.lastAttemptAt = TestAPI.now - 86_400
        status.lastSuccessAt = TestAPI.now - 86_400
        status.ordersLast7Days = 1
        status.orderBudget = 5
        status.reload.isConfigured = true
        status.renewals = ResultCounts(succeeded: 1)
        status.reloads = ResultCounts(succeeded: 1)
        change(&status)
        return status
    }
}

extension RecordedError {
    static func fixture(
        _ failureClass: FailureClass = .brokerUnreachable, stage: Stage = .order
    ) -> RecordedError {
        RecordedError(
            failure: RenewalFailure(stage: stage, failureClass, detail: "connection refused"),
            at: TestAPI.now - 30)
    }
}

/// Names that are legal in a configuration and awkward everywhere else.
let awkwardNames = [
    "../../x", "a/b", #"a"b"#, #"a\b"#, "a b", "a%2Fb", "a?b#c", "{name}", "renew", "ünï", "🔑",
    String(repeating: "é", count: 127) + "x", ".", "..", "a&b=c", "a+b",
]
