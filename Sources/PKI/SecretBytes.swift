import COpenSSL

/// Bytes that must not outlive their use: wiped when the last reference goes, and never printable.
///
/// The bytes are set once and only read afterwards, so sharing them between threads is safe.
@safe
public final class SecretBytes: @unchecked Sendable {
    private let storage: UnsafeMutableBufferPointer<UInt8>

    public var count: Int { unsafe storage.count }

    /// Copies `bytes`; wiping the original is the caller's affair.
    public init(_ bytes: Span<UInt8>) {
        unsafe storage = .allocate(capacity: bytes.count)
        for index in bytes.indices { unsafe storage.initializeElement(at: index, to: bytes[index]) }
    }

    /// Copies `bytes` and leaves the original empty and wiped.
    public convenience init(wiping bytes: inout [UInt8]) {
        self.init(bytes.span)
        SecretBytes.wipe(&bytes)
    }

    deinit {
        unsafe OPENSSL_cleanse(storage.baseAddress, storage.count)
        unsafe storage.deallocate()
    }

    /// Lends the bytes for the length of `body`.
    public func withBytes<Result: ~Copyable, Failure: Error>(
        _ body: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try unsafe body(Span(_unsafeElements: UnsafeBufferPointer(storage)))
    }

    /// Overwrites the array's storage, provided nobody shares it, and empties the array.
    static func wipe(_ bytes: inout [UInt8]) {
        unsafe bytes.withUnsafeMutableBytes { unsafe OPENSSL_cleanse($0.baseAddress, $0.count) }
        bytes = []
    }
}

extension SecretBytes: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { "<secret>" }
    public var debugDescription: String { "<secret>" }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
