import Glibc

extension FileDescriptor {
    /// At most `count` bytes from the current place; none at the end of the file.
    public func read(upTo count: Int) throws(SystemError) -> [UInt8] {
        let descriptor = rawValue
        var failure: SystemError?
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            let answer = attempt { unsafe Glibc.read(descriptor, buffer.baseAddress, count) }
            switch answer {
            case .success(let got): filled = got
            case .failure(let errno): failure = SystemError("read", path, errno)
            }
        }
        if let failure { throw failure }
        return bytes
    }

    /// Everything from the current place to the end; `EFBIG` if that is more than `limit` bytes.
    public func readToEnd(limit: Int) throws(SystemError) -> [UInt8] {
        var content: [UInt8] = []
        while true {
            let part = try read(upTo: min(64 * 1024, limit - content.count) + 1)
            if part.isEmpty { return content }
            // A small file is not copied: what holds a secret is wiped by whoever gets it, and a copy would not be.
            if content.isEmpty { content = part } else { content += part }
            if content.count > limit { throw SystemError("read", path, .fileTooLarge) }
        }
    }

    /// Writes all of it, in as many calls as the kernel wants.
    public func writeAll(_ bytes: Span<UInt8>) throws(SystemError) {
        var written = 0
        while written < bytes.count {
            let rest = bytes.extracting(droppingFirst: written)
            written += try system("write", path) {
                unsafe rest.withUnsafeBytes { unsafe Glibc.write(rawValue, $0.baseAddress, $0.count) }
            }
        }
    }

    /// Writes all of it, in as many calls as the kernel wants.
    public func writeAll(_ bytes: [UInt8]) throws(SystemError) {
        try writeAll(bytes.span)
    }
}
