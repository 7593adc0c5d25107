import COpenSSL

/// The digests a signature is made over.
enum SignatureDigest {
    case sha256, sha384

    var method: OpaquePointer? {
        switch self {
        case .sha256: unsafe EVP_sha256()
        case .sha384: unsafe EVP_sha384()
        }
    }
}

/// Signatures as OpenSSL makes them: DER for EC, PKCS#1 v1.5 for RSA.
enum Signature {
    static func make(
        over message: Span<UInt8>, by key: borrowing Owned<KeyObject>, digest: SignatureDigest
    ) throws(OpenSSLError) -> [UInt8] {
        let context = try digestContext()
        try check("EVP_DigestSignInit") {
            unsafe context.withPointer { context in
                unsafe key.withPointer { unsafe EVP_DigestSignInit(context, nil, digest.method, nil, $0) }
            }
        }
        var length = 0
        try check("EVP_DigestSign") { unsafe sign(message, context, nil, &length) }
        var signature = [UInt8](repeating: 0, count: length)
        try check("EVP_DigestSign") {
            unsafe signature.withUnsafeMutableBufferPointer { buffer in
                unsafe sign(message, context, buffer.baseAddress, &length)
            }
        }
        signature.removeLast(signature.count - length)
        return signature
    }

    static func isValid(
        _ signature: Span<UInt8>, over message: Span<UInt8>, by key: borrowing Owned<KeyObject>,
        digest: SignatureDigest
    ) throws(OpenSSLError) -> Bool {
        let context = try digestContext()
        try check("EVP_DigestVerifyInit") {
            unsafe context.withPointer { context in
                unsafe key.withPointer { unsafe EVP_DigestVerifyInit(context, nil, digest.method, nil, $0) }
            }
        }
        let verdict = unsafe signature.withUnsafeBufferPointer { signature in
            unsafe message.withUnsafeBufferPointer { message in
                unsafe context.withPointer { context in
                    unsafe EVP_DigestVerify(
                        context, signature.baseAddress, signature.count, message.baseAddress, message.count)
                }
            }
        }
        ERR_clear_error()
        return verdict == 1
    }

    private static func digestContext() throws(OpenSSLError) -> Owned<DigestContextObject> {
        try unsafe Owned("EVP_MD_CTX_new") { unsafe EVP_MD_CTX_new() }
    }

    private static func sign(
        _ message: Span<UInt8>, _ context: borrowing Owned<DigestContextObject>,
        _ signature: UnsafeMutablePointer<UInt8>?, _ length: inout Int
    ) -> Int32 {
        unsafe context.withPointer { context in
            unsafe message.withUnsafeBufferPointer { message in
                unsafe EVP_DigestSign(context, signature, &length, message.baseAddress, message.count)
            }
        }
    }
}
