import CPOSIX
import Glibc

/// What came of reading from a connection.
public enum ReceiveResult: Hashable, Sendable {
    /// At least one.
    case received(Int)
    case wouldBlock
    /// The peer has ended its direction.
    case ended
    case failed(Errno)
}

/// What came of writing to a connection.
public enum SendResult: Hashable, Sendable {
    /// Maybe not all of it.
    case sent(Int)
    case wouldBlock
    /// The peer is gone.
    case broken(Errno)
}

extension Socket {
    /// Reads into the bytes of `buffer` from index `start` on, no more than there are.
    public func receive(into buffer: inout [UInt8], from start: Int = 0) -> ReceiveResult {
        let raw = descriptor.rawValue
        let answer = attempt {
            unsafe buffer.withUnsafeMutableBytes { bytes in
                let room = unsafe UnsafeMutableRawBufferPointer(rebasing: bytes.dropFirst(start))
                return unsafe recv(raw, room.baseAddress, room.count, 0)
            }
        }
        switch answer {
        case .success(0): return .ended
        case .success(let count): return .received(count)
        case .failure(.wouldBlock): return .wouldBlock
        case .failure(let errno): return .failed(errno)
        }
    }

    /// Never raises SIGPIPE.
    public func send(_ bytes: Span<UInt8>) -> SendResult {
        result(
            attempt {
                unsafe bytes.withUnsafeBytes {
                    unsafe Glibc.send(descriptor.rawValue, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                }
            })
    }

    /// Never raises SIGPIPE.
    public func send(_ bytes: [UInt8]) -> SendResult {
        send(bytes.span)
    }

    /// Sends two parts as one, without copying them together: a head and a shared body. Never raises SIGPIPE.
    public func send(_ head: Span<UInt8>, _ body: Span<UInt8>) -> SendResult {
        result(
            attempt {
                unsafe head.withUnsafeBytes { head in
                    unsafe body.withUnsafeBytes { body in
                        var parts = unsafe [vector(head), vector(body)]
                        return unsafe sendParts(&parts)
                    }
                }
            })
    }

    private func sendParts(_ parts: inout [iovec]) -> Int {
        unsafe parts.withUnsafeMutableBufferPointer { parts in
            var message = unsafe msghdr()
            unsafe message.msg_iov = parts.baseAddress
            unsafe message.msg_iovlen = parts.count
            return unsafe sendmsg(descriptor.rawValue, &message, Int32(MSG_NOSIGNAL))
        }
    }

    private func vector(_ bytes: UnsafeRawBufferPointer) -> iovec {
        unsafe iovec(iov_base: UnsafeMutableRawPointer(mutating: bytes.baseAddress), iov_len: bytes.count)
    }

    private func result(_ answer: Result<Int, Errno>) -> SendResult {
        switch answer {
        case .success(let count): .sent(count)
        case .failure(.wouldBlock): .wouldBlock
        case .failure(let errno): .broken(errno)
        }
    }
}
