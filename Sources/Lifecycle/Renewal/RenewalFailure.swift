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
    /// The request was sent and its answer lost, or without a certificate: the broker may have placed an order with its
    /// authority, and may still be busy with it.
    public var isPossibleOrder: Bool
    /// The answer came, with a certificate that was issued for this attempt: an order like one that succeeds. It counts
    /// when the attempt ends, and is nothing to remember the failure by.
    public var placedOrder = false
    /// The serial of an issued certificate that did not pass the checks.
    public var refusedSerial: String?

    public init(
        stage: Stage, _ failureClass: FailureClass, detail: String, isTransient: Bool? = nil,
        retryAfter: Duration? = nil, isPossibleOrder: Bool = false, placedOrder: Bool = false,
        refusedSerial: String? = nil
    ) {
        self.stage = stage
        self.failureClass = failureClass
        self.detail = Printable.line(detail, limit: Self.longestDetail)
        self.isTransient = isTransient ?? failureClass.isTransient
        self.retryAfter = retryAfter
        self.isPossibleOrder = isPossibleOrder
        self.placedOrder = placedOrder
        self.refusedSerial = refusedSerial
    }

    private static let longestDetail = 1500

    private enum CodingKeys: String, CodingKey {
        case stage, failureClass, detail, isTransient, retryAfter, isPossibleOrder, refusedSerial
    }

    /// What a person should do.
    public var advice: String { failureClass.advice }
}
