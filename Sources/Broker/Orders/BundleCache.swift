public import FoundationEssentials

/// What makes two orders the same: whoever asks for the same thing with the same key gets the same certificate.
public struct CacheKey: Hashable, Sendable {
    public var identity: String
    public var profile: String
    /// Of the profile's whole text in the policy: a changed profile is another order.
    public var profileHash: String
    /// SHA-256 of the request's SubjectPublicKeyInfo, hex.
    public var spkiSHA256: String
    public var issuer: String
    /// Empty for issuers other than ACME, like the account.
    public var directoryURL: String
    public var account: String

    public init(
        identity: String, profile: String, profileHash: String, spkiSHA256: String, issuer: String,
        directoryURL: String = "", account: String = ""
    ) {
        self.identity = identity
        self.profile = profile
        self.profileHash = profileHash
        self.spkiSHA256 = spkiSHA256
        self.issuer = issuer
        self.directoryURL = directoryURL
        self.account = account
    }
}

/// Certificates that were issued, kept while they are worth handing out again.
public struct BundleCache: Sendable {
    private var bundles: [CacheKey: IssuedBundle] = [:]

    public init() {}

    /// The bundle kept under `key`, if more of its life is left than the window in which it is due again.
    public func bundle(for key: CacheKey, renewBefore: Duration, at now: Date) -> IssuedBundle? {
        guard let bundle = bundles[key] else { return nil }
        let remaining = bundle.notAfter.timeIntervalSince(now)
        return remaining > Self.window(renewBefore: renewBefore, of: bundle) ? bundle : nil
    }

    /// Keeps `bundle`, and drops those that have ended.
    public mutating func keep(_ bundle: IssuedBundle, for key: CacheKey, at now: Date) {
        bundles = bundles.filter { $0.value.notAfter > now }
        bundles[key] = bundle
    }

    /// The profile's `renew_before` in seconds, at most a third of the lifetime (half, for ten days or less):
    /// with the plain 30 days a short-lived certificate would never be a hit.
    static func window(renewBefore: Duration, of bundle: IssuedBundle) -> TimeInterval {
        let lifetime = bundle.notAfter.timeIntervalSince(bundle.notBefore) + 1
        let cap = lifetime <= 10 * 86_400 ? lifetime / 2 : lifetime / 3
        return min(TimeInterval(renewBefore.components.seconds), cap)
    }
}
