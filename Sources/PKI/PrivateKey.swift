import COpenSSL

/// A private key. It cannot be copied and never prints; only `pkcs8PEM()` lets its bytes out.
///
/// The C object is never changed after it was made, so threads may share it.
public struct PrivateKey: ~Copyable, @unchecked Sendable {
    let object: Owned<KeyObject>
    public let publicKey: PublicKey

    /// Which of our kinds it is, nil for any other.
    public var algorithm: KeyAlgorithm? { publicKey.algorithm }

    /// The kind in words ("EC prime256v1", "RSA 1024").
    public var algorithmDescription: String { publicKey.algorithmDescription }

    init(owning object: consuming Owned<KeyObject>) throws(OpenSSLError) {
        publicKey = try PublicKey(object)
        self.object = object
    }

    /// Makes a new key. RSA takes from a tenth of a second to several: not for a loop thread.
    public static func generate(_ algorithm: KeyAlgorithm) throws(OpenSSLError) -> PrivateKey {
        let type = algorithm.curve == nil ? EVP_PKEY_RSA : EVP_PKEY_EC
        let context = try unsafe Owned<KeyContextObject>("EVP_PKEY_CTX_new_id") {
            unsafe EVP_PKEY_CTX_new_id(type, nil)
        }
        try check("EVP_PKEY_keygen_init") { unsafe context.withPointer { unsafe EVP_PKEY_keygen_init($0) } }
        if let curve = algorithm.curve {
            try check("EVP_PKEY_CTX_set_group_name") {
                unsafe context.withPointer { unsafe EVP_PKEY_CTX_set_group_name($0, curve) }
            }
        }
        if let bits = algorithm.modulusBits {
            try check("EVP_PKEY_CTX_set_rsa_keygen_bits") {
                unsafe context.withPointer { unsafe EVP_PKEY_CTX_set_rsa_keygen_bits($0, bits) }
            }
        }
        let object = try unsafe Owned<KeyObject>("EVP_PKEY_generate") {
            unsafe context.withPointer { context in
                var key: OpaquePointer?
                return unsafe EVP_PKEY_generate(context, &key) == 1 ? key : nil
            }
        }
        return try PrivateKey(owning: object)
    }

    /// The key as an unencrypted PKCS#8 block (`PRIVATE KEY`).
    public borrowing func pkcs8PEM() throws(OpenSSLError) -> SecretBytes {
        let encoded = try unsafe Owned<EncodedKeyObject>("EVP_PKEY2PKCS8") {
            unsafe object.withPointer { unsafe EVP_PKEY2PKCS8($0) }
        }
        var der = try unsafe encoded.withPointer { encoded throws(OpenSSLError) in
            try unsafe DER.encode("i2d_PKCS8_PRIV_KEY_INFO") { unsafe i2d_PKCS8_PRIV_KEY_INFO(encoded, $0) }
        }
        defer { SecretBytes.wipe(&der) }
        var text = PEM.encoded(label: "PRIVATE KEY", contents: der.span)
        return SecretBytes(wiping: &text)
    }
}
