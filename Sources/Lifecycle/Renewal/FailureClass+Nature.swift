extension FailureClass {
    /// Whether trying again may help without anybody changing anything. What is not transient is tried at the
    /// longest interval.
    public var isTransient: Bool {
        switch self {
        case .invalidRequest, .unauthorized, .forbidden, .wrongEndpoint, .redirected, .unsafePath,
            .alreadyDue,
            .dueAgain, .orderBudgetSpent, .wrongNames, .leafIsCA, .leafNotForServers, .identityRefused,
            .tokenRefused, .unknownAccount, .sharedOutputs:
            false
        default: true
        }
    }

    /// Whether it is over when an earlier install is finished or undone.
    var isOfOpenInstall: Bool { self == .installStuck || self == .installOpen }

    /// Whether every certificate of the host would fail the same way, because the broker can't be reached at all.
    public var isSharedByHost: Bool {
        switch self {
        case .brokerNotResolved, .brokerUnreachable, .brokerTLSFailed, .identityRefused: true
        default: false
        }
    }

    /// Whether the failure says that the machine's identity can't be used for an order.
    public var concernsIdentity: Bool {
        switch self {
        case .notEnrolled, .identityExpired, .identityUnusable: true
        default: false
        }
    }
}
