/// What a lab has done since its start.
public struct LabCounters: Equatable, Sendable {
    /// Certificates issued to order, by profile. Those a fault made up do not count.
    public var ordersByProfile: [String: Int] = [:]
    /// Orders that failed in the lab itself.
    public var failedOrders = 0
    /// Calls answered from the cache.
    public var cacheHits = 0
    /// Calls that waited for another's order.
    public var joined = 0
    /// Calls for a certificate that were refused, whether by rule or by a fault, by status.
    public var refusalsByStatus: [Int: Int] = [:]
    /// Faults that struck, latencies aside.
    public var faults = 0
    /// Identities signed, renewed and rekeyed.
    public var identities = 0
    /// TLS handshakes of the broker's that came to their end.
    public var handshakes = 0
    /// Calls of step-ca's that were refused, by status.
    public var identityRefusalsByStatus: [Int: Int] = [:]

    /// Certificates issued to order.
    public var orders: Int { ordersByProfile.values.reduce(0, +) }
    /// Calls for a certificate that were refused.
    public var refusals: Int { refusalsByStatus.values.reduce(0, +) }
}
