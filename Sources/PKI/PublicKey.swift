import COpenSSL

/// The public half of a key, as a value.
public struct PublicKey: Hashable, Sendable {
    /// The SubjectPublicKeyInfo (RFC 5280, 4.1.2.7).
    public let spkiDER: [UInt8]
    /// SHA-256 of `spkiDER` in hexadecimal: the key's name in logs, caches and comparisons.
    public let spkiSHA256: String
    /// Which of our kinds it is, nil for any other.
    public let algorithm: KeyAlgorithm?
    /// The kind in words ("EC prime256v1", "RSA 1024"), also when it is none of ours.
    public let algorithmDescription: String

    /// Reads a SubjectPublicKeyInfo.
    public init(spkiDER: [UInt8]) throws(OpenSSLError) {
        try self.init(PublicKey.object(spkiDER))
    }

    init(_ key: borrowing Owned<KeyObject>) throws(OpenSSLError) {
        let spkiDER = try unsafe key.withPointer { key throws(OpenSSLError) in
            try unsafe DER.encode("i2d_PUBKEY") { unsafe i2d_PUBKEY(key, $0) }
        }
        self.init(key, spkiDER: spkiDER)
    }

    /// With the bytes that `key` was read from: to encode it again costs OpenSSL 3 more than all else.
    init(_ key: borrowing Owned<KeyObject>, spkiDER: [UInt8]) {
        let kind = KeyKind(key)
        self.spkiDER = spkiDER
        spkiSHA256 = SHA256.hex(spkiDER)
        algorithm = kind.algorithm
        algorithmDescription = kind.description
    }

    /// The C object, made anew for each use.
    func object() throws(OpenSSLError) -> Owned<KeyObject> { try PublicKey.object(spkiDER) }

    private static func object(_ der: [UInt8]) throws(OpenSSLError) -> Owned<KeyObject> {
        do {
            return try unsafe DER.decode(der.span, as: KeyObject.self, "d2i_PUBKEY") {
                unsafe d2i_PUBKEY(nil, $0, $1)
            }
        } catch {
            switch error {
            case .malformed(let error): throw error
            case .trailingBytes: throw OpenSSLError(operation: "d2i_PUBKEY: trailing bytes", entries: [])
            }
        }
    }
}
