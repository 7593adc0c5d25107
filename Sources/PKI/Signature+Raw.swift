import COpenSSL

extension Signature {
    /// An EC signature as JWS has it (RFC 7518, 3.4): r and s, each padded to `width` bytes.
    static func raw(fromDER der: Span<UInt8>, width: Int) throws(OpenSSLError) -> [UInt8] {
        let pair = try unsafe Owned<SignaturePairObject>("d2i_ECDSA_SIG") {
            unsafe der.withUnsafeBufferPointer { buffer in
                var cursor = buffer.baseAddress
                return unsafe d2i_ECDSA_SIG(nil, &cursor, buffer.count)
            }
        }
        return try unsafe pair.withPointer { pair throws(OpenSSLError) in
            try unsafe BigNumber.bytes(ECDSA_SIG_get0_r(pair), width: width)
                + BigNumber.bytes(ECDSA_SIG_get0_s(pair), width: width)
        }
    }

    /// The DER form of r and s; the caller has checked that `raw` is two times `width` bytes.
    static func der(fromRaw raw: Span<UInt8>, width: Int) throws(OpenSSLError) -> [UInt8] {
        let pair = try unsafe Owned<SignaturePairObject>("ECDSA_SIG_new") { unsafe ECDSA_SIG_new() }
        let r = try Owned<NumberObject>(bigEndian: raw.extracting(first: width))
        let s = try Owned<NumberObject>(bigEndian: raw.extracting(last: width))
        let (first, second) = unsafe (r.release(), s.release())
        try check("ECDSA_SIG_set0") { unsafe pair.withPointer { unsafe ECDSA_SIG_set0($0, first, second) } }
        return try unsafe pair.withPointer { pair throws(OpenSSLError) in
            try unsafe DER.encode("i2d_ECDSA_SIG") { unsafe i2d_ECDSA_SIG(pair, $0) }
        }
    }
}
