public import FoundationEssentials

/// What is known of the certificate that a service serves.
public struct ServedStatus: Hashable, Sendable {
    public enum State: String, Hashable, Sendable, CaseIterable {
        /// Not looked at yet.
        case unknown
        /// The certificate on disk is what is served.
        case matches
        /// Another one is.
        case differs
        /// Nobody answers at the address.
        case unreachable
    }

    public var state: State = .unknown
    /// Of the other certificate that is served.
    public var serial: String?
    /// Why nobody could be asked.
    public var problem: String?
    public var since: Date?
    public var observedAt: Date?
    public var nextLookAt: Date?

    public init() {}
}
