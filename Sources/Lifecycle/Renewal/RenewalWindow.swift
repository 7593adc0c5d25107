public import FoundationEssentials

/// How long before its end a certificate is renewed: the configured time, kept inside the certificate's own life.
public struct RenewalWindow: Hashable, Sendable {
    public static let standard: Duration = .seconds(720 * 3600)
    public static let identityStandard: Duration = .seconds(8 * 3600)

    public let configured: Duration
    /// At most a third of the life by default (half for ten days or less), at most two thirds when configured.
    public let effective: Duration

    /// `standard` stands in for `.standard`.
    public init(lifetime: Duration, renewBefore: RenewBefore, standard: Duration = Self.standard) {
        let longest: Duration
        switch renewBefore {
        case .standard:
            configured = standard
            longest = lifetime <= .seconds(10 * 24 * 3600) ? lifetime / 2 : lifetime / 3
        case .explicit(let duration):
            configured = duration
            longest = lifetime * 2 / 3
        }
        effective = max(.zero, min(configured, longest))
    }

    public var isClamped: Bool { effective < configured }

    /// Whether a certificate with this end is due at `now`, a host's shift aside.
    public func contains(_ now: Date, notAfter: Date) -> Bool {
        notAfter.timeIntervalSince(now) <= effective.seconds
    }

    /// When a certificate is due by its age on this host: earlier than its window by up to a hundredth of its life,
    /// a fixed amount for each identity and name, so that a fleet doesn't ask in the same minute.
    public func dueAt(notAfter: Date, lifetime: Duration, identity: String, name: CertificateName) -> Date {
        let share = StableHash.fraction(of: identity + "\n" + name.text)
        return notAfter - effective.seconds - lifetime.seconds * 0.01 * share
    }
}
