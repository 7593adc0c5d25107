/// How a step of a renewal failed: where, of what kind, and in whose words.
public struct RenewalFailure: Error, Hashable, Sendable, Codable {
    public var stage: Stage
    public var failureClass: FailureClass
    /// What happened, in one line without secrets: fit for the log, a terminal and the local API. It may hold
    /// the words of a broker or of a file, so it is cut at `longestDetail` scalars.
    public let detail: String
    /// Whether trying again may help without anybody changing anything.
    public var isTransient: Bool
    /// What the other side asked us to wait (`Retry-After`).
    public var retryAfter: Duration?
    /// The request was sent and the broker may have placed an order with its authority.
    public var isPossibleOrder: Bool
    /// The serial of an issued certificate that did not pass the checks.
    public var refusedSerial: String?

    public init(
        stage: Stage, _ failureClass: FailureClass, detail: String, isTransient: Bool? = nil,
        retryAfter: Duration? = nil, isPossibleOrder: Bool = false, refusedSerial: String? = nil
    ) {
        self.stage = stage
        self.failureClass = failureClass
        self.detail = Printable.line(detail, limit: Self.longestDetail)
        self.isTransient = isTransient ?? failureClass.isTransient
        self.retryAfter = retryAfter
        self.isPossibleOrder = isPossibleOrder
        self.refusedSerial = refusedSerial
    }

    private static let longestDetail = 1500

    /// What a person should do.
    public var advice: String { failureClass.advice }
}
