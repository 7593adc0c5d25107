public import FoundationEssentials

/// A service certificate as the broker hands it out.
public struct IssuedBundle: Equatable, Sendable {
    /// The leaf, PEM.
    public var certificatePEM: String
    /// The intermediates, PEM.
    public var chainPEM: String
    /// Lower-case hex without leading zeros.
    public var serialHex: String
    public var notBefore: Date
    public var notAfter: Date

    public init(certificatePEM: String, chainPEM: String, serialHex: String, notBefore: Date, notAfter: Date)
    {
        self.certificatePEM = certificatePEM
        self.chainPEM = chainPEM
        self.serialHex = serialHex
        self.notBefore = notBefore
        self.notAfter = notAfter
    }
}
