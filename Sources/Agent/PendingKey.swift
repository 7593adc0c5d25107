import PKI

/// The private key that a certificate is ordered for.
struct PendingKey: ~Copyable, Sendable {
    /// Where it came from.
    enum Origin: String, Sendable {
        /// Made just now.
        case made
        /// Waiting since an earlier attempt: an order for it may exist already.
        case waiting
        /// Found in the key file beside no certificate, and taken over.
        case adopted
        /// Installed, and to be kept.
        case installed
    }

    let key: PrivateKey
    /// What is written into the key file.
    let pem: SecretBytes
    let origin: Origin

    init(_ key: consuming PrivateKey, pem: SecretBytes, origin: Origin) {
        self.key = key
        self.pem = pem
        self.origin = origin
    }

    var spkiSHA256: String { key.publicKey.spkiSHA256 }
}
