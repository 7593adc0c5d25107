import CPOSIX
import Glibc

/// The other end of a connection.
public enum PeerAddress: Hashable, Sendable {
    case tcp(host: String, port: UInt16)
    case unix
}

/// What came of asking for a connection.
public enum AcceptResult: ~Copyable {
    /// Non-blocking.
    case accepted(Socket, from: PeerAddress)
    case wouldBlock
    /// Descriptors or memory have run out: the connection is still in the queue, and asking again at once would only
    /// heat the processor.
    case exhausted(Errno)
    case failed(SystemError)
}

extension Socket {
    /// The next connection in the queue. One that was given up before it was taken is passed over.
    public func accept() -> AcceptResult {
        var peer = cposix_peer()
        for _ in 0..<64 {
            switch attempt({ unsafe cposix_accept(descriptor.rawValue, &peer) }) {
            case .success(let raw):
                return .accepted(Socket(owning: FileDescriptor(owning: raw)), from: PeerAddress(peer))
            case .failure(let errno):
                switch errno.rawValue {
                case EAGAIN: return .wouldBlock
                case EMFILE, ENFILE, ENOBUFS, ENOMEM: return .exhausted(errno)
                // accept(2): errors of the connection that was waiting, not of the listener.
                case ECONNABORTED, EPERM, EPROTO, ENETDOWN, ENOPROTOOPT, EHOSTDOWN, ENONET, EHOSTUNREACH,
                    ENETUNREACH:
                    continue
                default: return .failed(SystemError("accept", descriptor.path, errno))
                }
            }
        }
        return .wouldBlock
    }
}

extension PeerAddress {
    fileprivate init(_ peer: cposix_peer) {
        guard peer.family != AF_UNIX else {
            self = .unix
            return
        }
        let host = unsafe withUnsafeBytes(of: peer.address) { bytes in
            unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        self = .tcp(host: host, port: peer.port)
    }
}
