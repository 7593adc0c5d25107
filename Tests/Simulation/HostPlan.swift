import FoundationEssentials
import Lifecycle

/// One host of a simulation: what it wants, and how long it is watched.
struct HostPlan {
    let index: Int
    let lifetime: Duration
    let end: Duration
    let sabotage: Sabotage
    let auditInterval: Int
    let isCalm: Bool
    let settings: LifecycleSettings
    let certificates: [ManagedCertificate]
    let brokers: [SimulatedBroker]
    /// For everything that happens on and around this host.
    let random: SplitMix

    init(_ plan: SimulationPlan, host index: Int) throws {
        self.index = index
        let lifetime = plan.lifetime(ofHost: index)
        self.lifetime = lifetime
        end = WorldTime.start + plan.horizon(ofHost: index)
        sabotage = plan.sabotage
        auditInterval = plan.auditInterval
        isCalm = plan.isCalm
        var random = plan.random(forHost: index)

        let identity = plan.sabotage.contains(.herd) ? "host.example.test" : "host\(index).example.test"
        brokers = (0..<Self.brokerCount(index, random: &random)).map {
            SimulatedBroker(number: $0, lifetime: lifetime)
        }
        var settings = LifecycleSettings(identityName: identity, brokers: brokers.map(\.address))
        settings.concurrency = [8, 4, 16][random.index(below: 3)]
        // The files of long-lived certificates are looked at less often than in production: else a simulated
        // decade would be looks and little else.
        settings.checkInterval = max(settings.checkInterval, lifetime / 200)
        settings.identityCheckInterval = max(settings.identityCheckInterval, lifetime / 400)
        settings.orderDeadline = SimulatedHost.brokerTimeout + .seconds(60)
        settings.enforcesOrderBudget = !plan.sabotage.contains(.ignoredBudget)
        self.settings = settings

        certificates = try (0..<plan.certificates).map { number in
            try Self.certificate(number, lifetime: lifetime, isCalm: plan.isCalm)
        }
        self.random = random
    }

    /// One for the hosts of each other lifetime, else two or three.
    private static func brokerCount(_ index: Int, random: inout SplitMix) -> Int {
        index % 2 == 0 ? 1 + random.index(below: 2) : 2 + random.index(below: SimulatedBroker.most - 1)
    }

    private static func certificate(
        _ number: Int, lifetime: Duration, isCalm: Bool
    ) throws -> ManagedCertificate {
        let name = "c\(number)"
        var certificate = ManagedCertificate(
            name: try CertificateName(validating: name), profile: "web",
            dnsNames: try names(name, variant: 0),
            outputs: OutputPaths(
                key: "/c/\(name).key", cert: "/c/\(name).crt", chain: "/c/\(name).chain",
                fullchain: "/c/\(name).full"))
        switch number % 4 {
        case 0: certificate.reload = ReloadSetting(command: "systemctl reload nginx")
        case 1: certificate.reload = ReloadSetting(command: "reload $CERTPLANE_CERTIFICATE \(number)")
        case 2: certificate.reload = ReloadSetting(command: "systemctl reload haproxy")
        default: break
        }
        if isCalm { return certificate }
        certificate.reusesKey = number % 8 == 5
        if number % 6 == 4 { certificate.renewBefore = .explicit(lifetime * [1, 2, 5][number % 3] / 6) }
        return certificate
    }

    static func names(_ name: String, variant: Int) throws -> DNSNameSet {
        let texts = (0...variant).map { $0 == 0 ? "\(name).example.test" : "\(name)-\($0).example.test" }
        guard let set = DNSNameSet(try texts.map { try DNSName(validating: $0) }) else { throw NoNames() }
        return set
    }

    struct NoNames: Error {}
}
