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

    /// The most parts that leave in one call.
    public static let mostParts = 16

    /// Sends `head` and the first of `bodies` as one, without copying them together; of the first body what is
    /// behind `skipped`. Never raises SIGPIPE.
    public func send(_ head: Span<UInt8>, _ bodies: ArraySlice<[UInt8]>, skipping skipped: Int) -> SendResult
    {
        guard !bodies.isEmpty else { return send(head) }
        return result(
            attempt {
                unsafe head.withUnsafeBytes { head in
                    var vectors = unsafe Vectors()
                    unsafe vectors.append(head)
                    return unsafe sendParts(bodies, bodies.startIndex, skipped, &vectors)
                }
            })
    }

    /// One part after the other is pinned; with the last of them all are sent.
    private func sendParts(
        _ bodies: ArraySlice<[UInt8]>, _ index: Int, _ skipped: Int, _ vectors: inout Vectors
    ) -> Int {
        guard index < bodies.endIndex, unsafe vectors.count < Self.mostParts else {
            let count = unsafe vectors.count
            var parts = unsafe vectors.parts.mutableSpan
            return unsafe parts.withUnsafeMutableBufferPointer { parts in
                var message = unsafe msghdr()
                unsafe message.msg_iov = parts.baseAddress
                unsafe message.msg_iovlen = count
                return unsafe sendmsg(descriptor.rawValue, &message, Int32(MSG_NOSIGNAL))
            }
        }
        return unsafe bodies[index].withUnsafeBytes { bytes in
            unsafe vectors.append(UnsafeRawBufferPointer(rebasing: bytes.dropFirst(skipped)))
            return unsafe sendParts(bodies, index + 1, 0, &vectors)
        }
    }

    /// Where the parts of one message are, on the stack. Only good while they are pinned.
    @unsafe private struct Vectors {
        var parts: [16 of iovec] = unsafe .init(repeating: iovec())
        var count = 0

        mutating func append(_ bytes: UnsafeRawBufferPointer) {
            unsafe parts[count] = iovec(
                iov_base: UnsafeMutableRawPointer(mutating: bytes.baseAddress), iov_len: bytes.count)
            unsafe count += 1
        }
    }

    func result(_ answer: Result<Int, Errno>) -> SendResult {
        switch answer {
        case .success(let count): .sent(count)
        case .failure(.wouldBlock): .wouldBlock
        case .failure(let errno): .broken(errno)
        }
    }
}
