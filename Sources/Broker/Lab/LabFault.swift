/// Something the lab's broker does wrong on purpose to an order.
public enum LabFault: Equatable, Sendable {
    // Before the order: nothing is issued.
    /// Answers so much later; together with any other fault.
    case latency(Duration)
    /// 429 with `Retry-After`.
    case rateLimited(retryAfter: Duration)
    /// 403.
    case forbidden
    /// 500.
    case internalError
    /// 502.
    case issuanceFailed
    /// 503.
    case unavailable
    /// 307 to where the request came from.
    case redirect
    /// Takes the request and never answers.
    case hang

    // Instead of the bundle; the honest one is issued and cached.
    /// A leaf for somebody else's key.
    case wrongKey
    /// A leaf that ended an hour ago.
    case expiredLeaf
    /// The full chain begins with the intermediate.
    case swappedChain
    /// The leaf alone.
    case missingChain
    /// An intermediate that did not sign the leaf.
    case brokenChain
    /// A leaf for other names.
    case wrongNames

    // On the way back; the order is done and cached.
    /// Half the JSON in a complete answer.
    case truncatedJSON
    /// A body of 2 MiB and one byte.
    case tooLarge
    /// The head and half of the body, then the end of the connection.
    case halfClosed
    /// The end of the connection without an answer.
    case lostAnswer
}

extension LabFault {
    /// Every name the command line knows, with what it does; `:` marks those that take a duration.
    public static let catalogue: [(name: String, effect: String)] = [
        ("latency:DURATION", "answer that much later (joins any other fault)"),
        ("rate-limited:DURATION", "429 with Retry-After"),
        ("forbidden", "403"),
        ("internal-error", "500"),
        ("issuance-failed", "502"),
        ("unavailable", "503"),
        ("redirect", "307 to where the request came from"),
        ("hang", "take the request and never answer"),
        ("wrong-key", "a leaf for another key"),
        ("expired-leaf", "a leaf that ended an hour ago"),
        ("swapped-chain", "the intermediate before the leaf"),
        ("missing-chain", "the leaf alone"),
        ("broken-chain", "an intermediate that did not sign the leaf"),
        ("wrong-names", "a leaf for other names"),
        ("truncated-json", "half of the JSON, in a complete answer"),
        ("too-large", "a body of 2 MiB and one byte"),
        ("half-closed", "the head and half of the body, then the connection ends"),
        ("lost-answer", "the order is done and kept, the connection ends without an answer"),
    ]

    /// The fault called `name`, with the text after the colon if there was one.
    init(name: String, argument: String?) throws(FaultSpecProblem) {
        switch name {
        case "latency": self = .latency(try Self.duration(argument, of: name))
        case "rate-limited": self = .rateLimited(retryAfter: try Self.duration(argument, of: name))
        default:
            guard let plain = Self.plain[name] else { throw .unknown(name) }
            guard argument == nil else { throw .noArgument(name) }
            self = plain
        }
    }

    /// The name on the command line and in the log.
    var name: String {
        switch self {
        case .latency: "latency"
        case .rateLimited: "rate-limited"
        default: Self.plain.first { $0.value == self }?.key ?? ""
        }
    }

    private static let plain: [String: LabFault] = [
        "forbidden": .forbidden, "internal-error": .internalError, "issuance-failed": .issuanceFailed,
        "unavailable": .unavailable, "redirect": .redirect, "hang": .hang, "wrong-key": .wrongKey,
        "expired-leaf": .expiredLeaf, "swapped-chain": .swappedChain, "missing-chain": .missingChain,
        "broken-chain": .brokenChain, "wrong-names": .wrongNames, "truncated-json": .truncatedJSON,
        "too-large": .tooLarge, "half-closed": .halfClosed, "lost-answer": .lostAnswer,
    ]

    private static func duration(_ text: String?, of name: String) throws(FaultSpecProblem) -> Duration {
        guard let text else { throw .argumentMissing(name) }
        guard let duration = DurationText.parse(text) else { throw .notADuration(name, text) }
        return duration
    }
}
