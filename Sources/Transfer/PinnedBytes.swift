import Glibc

/// Bytes that keep one address for life, so that libcurl can read them without a copy of its own, and are
/// overwritten before their memory is given back.
///
/// Immutable after initialisation, hence safe to share.
@safe final class PinnedBytes: @unchecked Sendable {
    private let storage: UnsafeMutableRawBufferPointer

    init(_ bytes: Span<UInt8>) {
        unsafe storage = .allocate(byteCount: max(bytes.count, 1), alignment: 1)
        for index in bytes.indices { unsafe storage[index] = bytes[index] }
        count = bytes.count
    }

    convenience init(_ bytes: [UInt8]) { self.init(bytes.span) }

    deinit {
        if let start = unsafe storage.baseAddress { unsafe explicit_bzero(start, storage.count) }
        unsafe storage.deallocate()
    }

    let count: Int

    /// Valid as long as the object lives.
    var address: UnsafeRawPointer? { unsafe UnsafeRawPointer(storage.baseAddress) }
}
