/// The client's side of mutual TLS: a certificate with its intermediates, and the private key.
///
/// Held in memory and handed to libcurl as such. With paths instead, libcurl would go on presenting the old
/// identity after a rotation: the path is the same, so the connection and the TLS session are used again.
public struct ClientIdentity: Sendable {
    let certificateChain: PinnedBytes
    let privateKey: PinnedBytes

    /// Takes a copy of both, PEM, leaf first. The copies are overwritten when the last holder lets go of
    /// them.
    public init(certificateChain: [UInt8], privateKey: Span<UInt8>) {
        self.certificateChain = PinnedBytes(certificateChain)
        self.privateKey = PinnedBytes(privateKey)
    }
}

/// Whom the client believes to be the server it asked for.
public enum ServerTrust: Sendable {
    /// The server's chain must end in one of these certificates (PEM), and its leaf name the URL's host. The
    /// system's own trust store plays no part.
    case anchors([UInt8])
    /// Any server. For what proves itself: a root certificate that is fetched by its own fingerprint.
    case unverified
}

/// By what time the dates of the server's certificates are judged. A connection that is made by another time than the
/// wall clock's is not used again, nor its session resumed.
public enum VerificationTime: Sendable, Equatable {
    /// The wall clock's.
    case system
    /// Another one, for a host whose wall clock is known to be wrong.
    case at(secondsSince1970: Int64)
    /// None: the dates don't count. For asking how late it is, and nothing else.
    case noTime
}

/// Both sides of the handshake.
public struct MutualTLS: Sendable {
    public var identity: ClientIdentity?
    public var trust: ServerTrust
    public var verifiedAt: VerificationTime

    public init(identity: ClientIdentity?, trust: ServerTrust, verifiedAt: VerificationTime = .system) {
        self.identity = identity
        self.trust = trust
        self.verifiedAt = verifiedAt
    }
}
