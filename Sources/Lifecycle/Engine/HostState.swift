/// The state machine of the whole host: inputs in, actions out, without I/O and without a clock of its own.
public struct HostState: Sendable {
    private var random: SplitMix

    /// `records` is what survived from before the start.
    public init(seed: UInt64, records: [CertificateName: CertificateRecord] = [:]) {
        random = SplitMix(seed: seed)
    }

    /// Tells what happened, and what is to be done about it, in order.
    public mutating func handle(_ input: Input, at now: Moment) -> [Action] { [] }

    /// When the machine wants to be told of the time at the latest, on the boottime clock.
    public var nextDeadline: Duration? { nil }

    /// The state as others may see it. Cheap where little has changed since the last one.
    public mutating func snapshot(agent: AgentFacts, at now: Moment) -> Snapshot {
        Snapshot(
            takenAt: now.wall, agent: agent, identity: IdentityStatus(name: ""), broker: BrokerStatus(),
            certificates: [])
    }
}
