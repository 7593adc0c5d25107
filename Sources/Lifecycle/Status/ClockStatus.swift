public import FoundationEssentials

/// Whether the host's wall clock can be believed.
public enum ClockState: String, Hashable, Sendable, CaseIterable {
    /// Nothing speaks against it.
    case ok
    /// It was set by more than ten minutes, or reads less than it must, and no broker has told the time since.
    case unconfirmed = "clock_unconfirmed"
    /// It is off by more than ten minutes; the broker's time counts.
    case suspect = "clock_suspect"

    /// What a person should do, if anything.
    public var advice: String? {
        switch self {
        case .ok: nil
        case .unconfirmed:
            "See that this host's clock is right (timedatectl); orders go on when a broker has confirmed it."
        case .suspect:
            "Set this host's clock and see that it is kept right (timedatectl); until then the broker's time counts."
        }
    }
}

public struct ClockStatus: Hashable, Sendable {
    public var state: ClockState
    /// This host's clock against the broker's, positive when ahead; `nil` while unknown.
    public var skew: Duration?
    /// How much less than the wall clock the time that counts is.
    public var correction: Duration = .zero
    /// When the brokers are asked how late it is, if they will be.
    public var nextQuestionAt: Date?

    public init(state: ClockState = .ok, skew: Duration? = nil) {
        self.state = state
        self.skew = skew
    }

    /// The time that counts when the wall clock says `wall`.
    public func time(at wall: Date) -> Date { wall - correction.seconds }
}
