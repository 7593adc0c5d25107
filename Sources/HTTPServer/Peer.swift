public import PKI
public import POSIX

/// Who is at the other end of a connection.
public final class Peer: Sendable {
    /// The address the connection came from.
    public let address: PeerAddress
    /// The port it came to; nil on a Unix socket.
    public let localPort: UInt16?
    /// What clients most often call the local address: `127.0.0.1` with the port. Empty on a Unix socket.
    public let usualAuthority: [UInt8]
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
        usualAuthority = localPort.map { Array("127.0.0.1:\($0)".utf8) } ?? []
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
