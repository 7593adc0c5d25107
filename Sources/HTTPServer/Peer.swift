public import PKI
public import POSIX

/// Who is at the other end of a connection.
public struct Peer: Sendable {
    /// The address the connection came from.
    public let address: PeerAddress
    /// The port it came to; nil on a Unix socket.
    public let localPort: UInt16?
    /// The process that connected, by the kernel's word; nil over TCP.
    public let credentials: Socket.PeerCredentials?
    /// The connection is encrypted.
    public let isSecure: Bool
    /// What the client has shown and the listener's authorities have signed; nil without one.
    public let certificate: Certificate?

    public init(
        address: PeerAddress, localPort: UInt16? = nil, credentials: Socket.PeerCredentials? = nil,
        isSecure: Bool = false, certificate: Certificate? = nil
    ) {
        self.address = address
        self.localPort = localPort
        self.credentials = credentials
        self.isSecure = isSecure
        self.certificate = certificate
    }

    func showing(_ certificate: Certificate?) -> Peer {
        Peer(
            address: address, localPort: localPort, credentials: credentials, isSecure: true,
            certificate: certificate)
    }
}
