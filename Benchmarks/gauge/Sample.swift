import FoundationEssentials
import Lifecycle

extension Snapshot {
    /// A host with many certificates, most of them valid.
    static func sample(_ count: Int) -> Snapshot {
        let now = Date(timeIntervalSince1970: 1_800_000_000)
        let agent = AgentFacts(
            version: "0", pid: 1, startedAt: now, configPath: "/etc/certplane/agent.yml", configHash: "0",
            configLoadedAt: now, lastTickAt: now)
        return Snapshot(
            takenAt: now, agent: agent, identity: IdentityStatus(name: "host", state: .valid),
            broker: BrokerStatus(state: .reachable),
            certificates: (1...max(1, count)).compactMap { CertificateStatus.sample($0, now) })
    }
}

extension CertificateStatus {
    fileprivate static func sample(_ number: Int, _ now: Date) -> CertificateStatus? {
        let digits = String(100_000 + number).dropFirst()
        guard let name = try? CertificateName(validating: "c\(digits)"),
            let host = try? DNSName(validating: "c\(digits).example.org"), let names = DNSNameSet([host])
        else { return nil }
        let folder = "/etc/ssl/\(name)"
        let wanted = ManagedCertificate(
            name: name, profile: name.text, dnsNames: names,
            outputs: OutputPaths(
                key: folder + "/key.pem", cert: folder + "/cert.pem", chain: folder + "/chain.pem",
                fullchain: folder + "/fullchain.pem"))
        var status = CertificateStatus(wanted: wanted, state: .valid, why: "not due")
        let installed = InstalledCertificate(
            serial: "4f2a\(number)", notBefore: now - 86_400, notAfter: now + 7_689_599,
            dnsNames: ["\(host)"], keyType: .ecP256, issuer: "CN=Example CA",
            sha256: String(repeating: "9f86", count: 16), spkiSHA256: String(repeating: "6030", count: 16))
        status.installed = installed
        status.window = RenewalWindow(lifetime: installed.lifetime, renewBefore: .standard)
        status.nextRenewalAt = now + 5_000_000
        status.nextCheckAt = now + 600
        status.nextAttemptAt = now + 5_000_000
        status.lastAttemptAt = now - 86_400
        status.lastSuccessAt = now - 86_400
        status.ordersLast7Days = 1
        status.orderBudget = 5
        status.renewals = ResultCounts(succeeded: 1)
        status.reloads = ResultCounts(succeeded: 1)
        return status
    }
}
