import FoundationEssentials

/// One broker: whether orders may go to it, and what was heard of it.
struct BrokerCourse: Sendable {
    let address: BrokerAddress
    var gate = BrokerGate()
    var lastContactAt: Date?
    var lastSuccessAt: Date?
    var lastError: RecordedError?

    init(_ address: BrokerAddress) { self.address = address }

    var state: BrokerState {
        switch gate.closure?.cause {
        case .unreachable: .unreachable
        case .rateLimited: .paused
        case nil: lastContactAt == nil ? .unknown : .reachable
        }
    }
}

/// The brokers, the preferred one first.
struct BrokerCourses: Sendable {
    private(set) var all: [BrokerCourse] = []

    /// Puts these in place; what is known of one that stays is kept.
    mutating func set(_ addresses: [BrokerAddress]) {
        all = addresses.map { address in
            all.first { $0.address == address } ?? BrokerCourse(address)
        }
    }

    /// `nil` for a broker that is configured no more.
    subscript(address: BrokerAddress) -> BrokerCourse? {
        get { all.first { $0.address == address } }
        set {
            guard let newValue, let index = all.firstIndex(where: { $0.address == address }) else { return }
            all[index] = newValue
        }
    }

    mutating func forEach(_ body: (inout BrokerCourse) -> Void) {
        for index in all.indices { body(&all[index]) }
    }

    var areAllClosed: Bool { all.allSatisfy(\.gate.isClosed) }

    /// Whether, while all are closed, one of them may be probed now.
    func mayProbe(at now: Duration) -> Bool {
        !all.contains(where: \.gate.isProbing) && (deadline.map { $0 <= now } ?? false)
    }

    /// Where an order goes that may go anywhere: the preferred one of those that are open, or would be the first again.
    var current: BrokerCourse? { all.first { !$0.gate.isClosed } ?? all.first }

    /// Which of `candidates`, in their order, may be asked now, and whether that is a probe. While no broker is open one
    /// probe at a time is made, whichever it asks.
    func choice(
        of candidates: [BrokerAddress], at now: Duration
    ) -> (broker: BrokerAddress, isProbe: Bool)? {
        if areAllClosed && all.contains(where: \.gate.isProbing) { return nil }
        for candidate in candidates {
            switch self[candidate]?.gate.allowance(at: now) {
            case .any: return (candidate, false)
            case .oneProbe: return (candidate, true)
            case .some(.none), nil: continue
            }
        }
        return nil
    }

    /// Of the closed ones the one that is tried the soonest.
    var nextToOpen: BrokerCourse? {
        let closed = all.filter(\.gate.isClosed)
        return closed.min { ($0.gate.closure?.probeAt ?? .zero) < ($1.gate.closure?.probeAt ?? .zero) }
    }

    /// When one of the closed ones next lets a probe through; `nil` while none will by itself.
    var deadline: Duration? { all.compactMap(\.gate.deadline).min() }
}
