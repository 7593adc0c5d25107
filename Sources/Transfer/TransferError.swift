/// Why there is no answer.
public struct TransferError: Error, Sendable, Equatable, CustomStringConvertible {
    public enum Kind: Sendable, Equatable {
        /// The request breaks a rule of this module: scheme, target, a control character in a header.
        case invalidRequest
        /// The client certificate or its key can't be read, or they don't belong together.
        case unusableIdentity
        /// The trust anchors can't be read.
        case unusableTrust
        /// The host name has no address.
        case resolve
        /// No connection: refused, unreachable.
        case connect
        /// The handshake failed otherwise; the message holds the alert.
        case tls
        /// The server's certificate isn't trusted, has expired or is another host's.
        case serverCertificate
        /// The server refused the client certificate, or missed one; the message holds its alert.
        case clientCertificateRefused
        case timedOut(Phase)
        /// The stop flag went up.
        case stopped
        /// The answer outgrew its limit.
        case tooLarge
        /// What came is not an HTTP/1 answer.
        case malformed
        /// The connection ended before the answer did.
        case closedEarly
        /// libcurl itself failed: out of memory, a missing feature.
        case library
    }

    /// What an exchange that ran out of time was waiting for.
    public enum Phase: String, Sendable {
        case resolve, connect, handshake, answer
    }

    public let kind: Kind
    /// One line for a person, without secrets.
    public let message: String
    /// Whether the server may have acted on the request.
    ///
    /// True once a part of it that a server could make sense of may have left this host. False when
    /// resolving, connecting or the handshake failed. A handshake that the server ends by refusing the client
    /// certificate has failed too, though under TLS 1.3 the client takes it for finished and may have written
    /// its request by then: no server reads a request from a client that it refused.
    public let requestWasSent: Bool

    public var description: String { message }
}
