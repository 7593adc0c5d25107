import COpenSSL

/// SHA-256 of bytes in memory.
public enum SHA256 {
    public static func digest(_ bytes: Span<UInt8>) -> [UInt8] {
        unsafe [UInt8](unsafeUninitializedCapacity: 32) { digest, count in
            unsafe bytes.withUnsafeBufferPointer { input in
                unsafe copenssl_sha256(input.baseAddress, input.count, digest.baseAddress)
            }
            count = 32
        }
    }

    public static func digest(_ bytes: [UInt8]) -> [UInt8] { digest(bytes.span) }

    /// The digest as 64 lower-case hexadecimal digits.
    public static func hex(_ bytes: Span<UInt8>) -> String { Hexadecimal.text(digest(bytes)) }

    public static func hex(_ bytes: [UInt8]) -> String { hex(bytes.span) }
}
