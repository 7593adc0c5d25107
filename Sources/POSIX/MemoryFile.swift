import CPOSIX
import Glibc

/// A file without a name whose pages are memory. Written once and then sealed, its bytes can be sent by the kernel from
/// where they are, to many, without a copy for each.
public final class MemoryFile: Sendable {
    private let descriptor: FileDescriptor

    public init() throws(SystemError) {
        descriptor = FileDescriptor(owning: try system("memfd_create") { cposix_memory_file() })
    }

    /// Writes behind what is there.
    public func append(_ bytes: [UInt8]) throws(SystemError) {
        try descriptor.writeAll(bytes)
    }

    /// Nobody changes it any more; what another process holds of it neither.
    public func seal() throws(SystemError) {
        try system("fcntl") { cposix_seal(descriptor.rawValue) }
    }

    /// At most `count` bytes from `offset` on; fewer where the file ends.
    public func read(from offset: Int, upTo count: Int) throws(SystemError) -> [UInt8] {
        let raw = descriptor.rawValue
        var failure: SystemError?
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            switch attempt({ unsafe pread(raw, buffer.baseAddress, count, off_t(offset)) }) {
            case .success(let got): filled = got
            case .failure(let errno): failure = SystemError("pread", nil, errno)
            }
        }
        if let failure { throw failure }
        return bytes
    }

    fileprivate func send(to socket: Int32, from offset: Int, count: Int) -> Int {
        cposix_send_file(socket, descriptor.rawValue, Int64(offset), count)
    }
}

extension Socket {
    /// Sends `head`, then at most `count` bytes of `file` from `offset` on. Never raises SIGPIPE.
    public func send(_ head: Span<UInt8>, _ file: MemoryFile, from offset: Int, count: Int) -> SendResult {
        var sent = 0
        if !head.isEmpty {
            let raw = descriptor.rawValue
            let answer = unsafe head.withUnsafeBytes { bytes in
                attempt { unsafe cposix_send_more(raw, bytes.baseAddress, bytes.count) }
            }
            guard case .success(head.count) = answer else { return result(answer) }
            sent = head.count
        }
        switch attempt({ file.send(to: descriptor.rawValue, from: offset, count: count) }) {
        case .success(let more): return .sent(sent + more)
        // What has gone of the head has gone.
        case .failure where sent > 0: return .sent(sent)
        case .failure(let errno): return result(.failure(errno))
        }
    }
}
