public import FoundationEssentials

/// How things stand with a broker, or with all of them.
public enum BrokerState: String, Hashable, Sendable, CaseIterable {
    /// Not asked yet.
    case unknown
    case reachable
    /// Can't be reached; one probe at a time is made.
    case unreachable
    /// Asked us to wait (429).
    case paused
}

/// The brokers taken together, and each of them.
public struct BrokerStatus: Hashable, Sendable {
    public var state: BrokerState
    /// Where orders are sent now.
    public var endpoint: String?
    /// The last answer of any kind.
    public var lastContactAt: Date?
    /// The last answer that granted what was asked.
    public var lastSuccessAt: Date?
    public var lastError: RecordedError?
    /// When orders are tried again, unless the broker is reachable.
    public var nextProbeAt: Date?
    public var requests: [BrokerRequestCount]
    /// The preferred one first.
    public var brokers: [SingleBrokerStatus] = []

    public init(state: BrokerState = .unknown, requests: [BrokerRequestCount] = []) {
        self.state = state
        self.requests = requests
    }
}

/// One broker.
public struct SingleBrokerStatus: Hashable, Sendable {
    public var address: BrokerAddress
    public var state: BrokerState
    /// Its last answer of any kind.
    public var lastContactAt: Date?
    /// Its last answer that granted what was asked.
    public var lastSuccessAt: Date?
    public var lastError: RecordedError?
    /// When it is tried again, unless it is reachable.
    public var nextProbeAt: Date?

    public init(address: BrokerAddress, state: BrokerState) {
        self.address = address
        self.state = state
    }
}

/// How many requests to an endpoint ended with a code; `code` is the HTTP status, or `error` without an answer.
public struct BrokerRequestCount: Hashable, Sendable {
    public var endpoint: String
    public var code: String
    public var count: Int

    public init(endpoint: String, code: String, count: Int) {
        self.endpoint = endpoint
        self.code = code
        self.count = count
    }
}
