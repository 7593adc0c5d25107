public import FoundationEssentials

/// The whole state of the agent at one moment, immutable: status, metrics, readiness and page are rendered from it.
public final class Snapshot: Sendable {
    public let takenAt: Date
    public let agent: AgentFacts
    public let identity: IdentityStatus
    public let broker: BrokerStatus
    public let clock: ClockStatus
    /// Sorted by name.
    public let certificates: CertificateList
    /// The newest 256 renewals and reloads, oldest first.
    public let renewals: [RenewalRecord]
    public let counters: HostCounters

    public init(
        takenAt: Date, agent: AgentFacts, identity: IdentityStatus, broker: BrokerStatus,
        clock: ClockStatus = ClockStatus(),
        certificates: CertificateList, renewals: [RenewalRecord] = [],
        counters: HostCounters = HostCounters()
    ) {
        self.takenAt = takenAt
        self.agent = agent
        self.identity = identity
        self.broker = broker
        self.clock = clock
        self.certificates = certificates
        self.renewals = renewals
        self.counters = counters
    }

    public convenience init(
        takenAt: Date, agent: AgentFacts, identity: IdentityStatus, broker: BrokerStatus,
        clock: ClockStatus = ClockStatus(), certificates: [CertificateStatus], renewals: [RenewalRecord] = [],
        counters: HostCounters = HostCounters()
    ) {
        self.init(
            takenAt: takenAt, agent: agent, identity: identity, broker: broker, clock: clock,
            certificates: CertificateList(certificates), renewals: renewals, counters: counters)
    }

    /// The certificate of this name, by binary search.
    public func certificate(_ name: CertificateName) -> CertificateStatus? {
        var low = 0
        var high = certificates.count
        while low < high {
            let middle = (low + high) / 2
            if certificates[middle].name < name { low = middle + 1 } else { high = middle }
        }
        return low < certificates.count && certificates[low].name == name ? certificates[low] : nil
    }

    public func renewal(_ id: RenewalID) -> RenewalRecord? { renewals.last { $0.answers(to: id) } }
}
