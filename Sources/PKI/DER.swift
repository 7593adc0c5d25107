import COpenSSL

/// DER in and out of OpenSSL's `d2i_`/`i2d_` pairs.
enum DER {
    /// What went wrong with bytes that should have been one DER value.
    enum Failure: Error {
        case malformed(OpenSSLError)
        case trailingBytes
    }

    /// Decodes `bytes`, all of them: what follows the value is a failure, not ignored.
    static func decode<Object>(
        _ bytes: Span<UInt8>, as kind: Object.Type, _ operation: String,
        _ d2i: (UnsafeMutablePointer<UnsafePointer<UInt8>?>, Int) -> OpaquePointer?
    ) throws(Failure) -> Owned<Object> {
        var consumed = 0
        let decoded: Owned<Object>
        do {
            decoded = try unsafe Owned<Object>(operation) {
                unsafe bytes.withUnsafeBufferPointer { buffer in
                    var cursor = buffer.baseAddress
                    let object = unsafe d2i(&cursor, buffer.count)
                    if let start = buffer.baseAddress, let end = unsafe cursor {
                        consumed = unsafe end - start
                    }
                    return unsafe object
                }
            }
        } catch {
            throw .malformed(error)
        }
        guard consumed == bytes.count else { throw .trailingBytes }
        return decoded
    }

    /// Encodes by calling `i2d` twice: for the length, then for the bytes.
    static func encode(
        _ operation: String, _ i2d: (UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>?) -> Int32
    ) throws(OpenSSLError) -> [UInt8] {
        let length = Int(try check(operation) { i2d(nil) })
        var written: Int32 = 0
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: length) { buffer, count in
            var cursor = buffer.baseAddress
            written = unsafe i2d(&cursor)
            count = max(0, min(Int(written), length))
        }
        try check(operation) { written }
        return bytes
    }
}
