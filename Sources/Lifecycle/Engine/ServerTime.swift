public import FoundationEssentials

/// What a server said how late it is (`Date`, RFC 9110, 6.6.1), and when that was read.
public struct ServerTime: Hashable, Sendable {
    public var date: Date
    /// On the boottime clock, at the end of the exchange.
    public var readAt: Duration
    /// How long ago, at most, it was so late: the length of the exchange, and the second that a `Date` leaves out.
    public var uncertainty: Duration

    public init(date: Date, readAt: Duration, uncertainty: Duration) {
        self.date = date
        self.readAt = readAt
        self.uncertainty = uncertainty
    }
}

/// What came of asking the brokers how late it is.
public enum TimeAnswer: Hashable, Sendable {
    /// One whose certificate is valid at that time.
    case told(ServerTime, by: BrokerAddress)
    /// One answered and left the `Date` out; its certificate is valid by the wall clock.
    case untold(by: BrokerAddress)
    /// One answered, and its certificate is not valid at the time that it told, nor by the wall clock if it told none.
    case unproven(by: BrokerAddress)
    case unanswered
}
