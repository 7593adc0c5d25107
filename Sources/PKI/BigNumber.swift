import COpenSSL

extension Owned where Object == NumberObject {
    /// Reads a big-endian, non-negative number.
    init(bigEndian bytes: Span<UInt8>) throws(OpenSSLError) {
        self = try unsafe Owned("BN_bin2bn") {
            unsafe bytes.withUnsafeBufferPointer { unsafe BN_bin2bn($0.baseAddress, Int32($0.count), nil) }
        }
    }

    /// The number big-endian, padded to `width` bytes or as short as it goes.
    borrowing func bytes(width: Int?) throws(OpenSSLError) -> [UInt8] {
        try unsafe withPointer { number throws(OpenSSLError) in
            try unsafe BigNumber.bytes(number, width: width)
        }
    }
}

enum BigNumber {
    /// The number big-endian, padded to `width` bytes or as short as it goes.
    static func bytes(_ number: OpaquePointer, width: Int?) throws(OpenSSLError) -> [UInt8] {
        let width = unsafe width ?? (Int(BN_num_bits(number)) + 7) / 8
        var bytes = [UInt8](repeating: 0, count: width)
        let written = unsafe BN_bn2binpad(number, &bytes, Int32(width))
        guard written == Int32(width) else { throw OpenSSLError(drainingAfter: "BN_bn2binpad") }
        return bytes
    }
}
