/// Why the broker does not hand out a certificate: the status and the words of the protocol.
enum OrderRefusal: Error, Equatable {
    case invalidRequest
    case invalidCSR
    case unauthorized
    case forbidden
    case rateLimited(retryAfter: Duration)
    case internalError
    case issuanceFailed
    /// The lab's fault "unavailable"; a broker without a policy says the same.
    case policyNotLoaded

    var status: Int {
        switch self {
        case .invalidRequest, .invalidCSR: 400
        case .unauthorized: 401
        case .forbidden: 403
        case .rateLimited: 429
        case .internalError: 500
        case .issuanceFailed: 502
        case .policyNotLoaded: 503
        }
    }

    var text: String {
        switch self {
        case .invalidRequest: "invalid request"
        case .invalidCSR: "invalid csr"
        case .unauthorized: "unauthorized"
        case .forbidden: "forbidden"
        case .rateLimited: "rate limited"
        case .internalError: "internal error"
        case .issuanceFailed: "issuance failed"
        case .policyNotLoaded: "policy not loaded"
        }
    }

    /// Whole seconds, never less than the wait.
    var retryAfterSeconds: Int64? {
        guard case .rateLimited(let wait) = self else { return nil }
        let (seconds, attoseconds) = wait.components
        return seconds + (attoseconds > 0 ? 1 : 0)
    }
}
