/// A signed token in the compact form of RFC 7515: header, payload and signature, joined by dots.
///
/// Header and payload are the caller's bytes; nothing here reads JSON. `signature` is in the JOSE form (r and
/// s for EC), never DER.
public struct JWS: Hashable, Sendable {
    public let header: [UInt8]
    public let payload: [UInt8]
    public let signature: [UInt8]
    /// What is signed: the encoded header and payload, joined by a dot.
    private let signingInput: String

    /// Signs `header` and `payload` with the algorithm that goes with the key; `header` must say so itself.
    public init(header: [UInt8], payload: [UInt8], signedBy key: borrowing PrivateKey) throws(JWSError) {
        guard let algorithm = JWSAlgorithm(key.algorithm) else {
            throw .unsupportedKey(key.algorithmDescription)
        }
        self.header = header
        self.payload = payload
        signingInput = Base64.url.encode(header) + "." + Base64.url.encode(payload)
        do {
            let message = Array(signingInput.utf8)
            let made = try Signature.make(over: message.span, by: key.object, digest: algorithm.digest)
            signature =
                if let width = algorithm.coordinateWidth {
                    try Signature.raw(fromDER: made.span, width: width)
                } else {
                    made
                }
        } catch {
            throw .openSSL(error)
        }
    }

    /// Takes a compact token apart. Nothing is verified yet.
    public init(compact text: String) throws(JWSError) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3 else { throw .malformed("a compact token has three parts") }
        guard let header = Base64.url.decode(String(parts[0])), !header.isEmpty,
            let payload = Base64.url.decode(String(parts[1])),
            let signature = Base64.url.decode(String(parts[2]))
        else { throw .malformed("a part is not base64url") }
        self.header = header
        self.payload = payload
        self.signature = signature
        signingInput = "\(parts[0]).\(parts[1])"
    }

    public var compact: String { "\(signingInput).\(Base64.url.encode(signature))" }

    /// The three encoded parts by their names in the flattened form of RFC 7515, 7.2.2, which ACME sends.
    public var flattened: (protected: String, payload: String, signature: String) {
        (Base64.url.encode(header), Base64.url.encode(payload), Base64.url.encode(signature))
    }

    /// Whether `key` made the signature, with `algorithm` and no other.
    ///
    /// The caller names the algorithm: a token that may choose its own is the attack of RFC 8725, 2.1.
    public func isSigned(by key: PublicKey, _ algorithm: JWSAlgorithm) throws(OpenSSLError) -> Bool {
        guard JWSAlgorithm(key.algorithm) == algorithm else { return false }
        let message = Array(signingInput.utf8)
        guard let width = algorithm.coordinateWidth else {
            return try Signature.isValid(
                signature.span, over: message.span, by: key.object(), digest: algorithm.digest)
        }
        guard signature.count == 2 * width else { return false }
        let der = try Signature.der(fromRaw: signature.span, width: width)
        return try Signature.isValid(der.span, over: message.span, by: key.object(), digest: algorithm.digest)
    }
}

/// The signature algorithms of RFC 7518 that go with our keys; raw values are their registered names.
public enum JWSAlgorithm: String, Hashable, Sendable {
    case es256 = "ES256"
    case es384 = "ES384"
    case rs256 = "RS256"

    /// The one that goes with a kind of key.
    public init?(_ key: KeyAlgorithm?) {
        switch key {
        case .ecP256: self = .es256
        case .ecP384: self = .es384
        case .rsa2048, .rsa3072, .rsa4096: self = .rs256
        case nil: return nil
        }
    }

    var digest: SignatureDigest { self == .es384 ? .sha384 : .sha256 }

    /// The width of r and of s in bytes; nil for RSA.
    var coordinateWidth: Int? {
        switch self {
        case .es256: 32
        case .es384: 48
        case .rs256: nil
        }
    }
}

/// Why a token cannot be read or made.
public enum JWSError: Error, Hashable, Sendable, CustomStringConvertible {
    case malformed(String)
    /// No algorithm of ours goes with this kind of key.
    case unsupportedKey(String)
    case openSSL(OpenSSLError)

    public var description: String {
        switch self {
        case .malformed(let why): "malformed token: \(why)"
        case .unsupportedKey(let kind): "no signature algorithm for a key of the kind \(kind)"
        case .openSSL(let error): error.description
        }
    }
}
