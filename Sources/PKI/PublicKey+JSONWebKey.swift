import COpenSSL

/// A public key as JSON members (RFC 7517), for ACME accounts and tokens.
public struct JSONWebKey: Hashable, Sendable {
    /// The members that make the key what it is, in lexicographic order as RFC 7638 wants them.
    public let members: [(name: String, value: String)]

    /// The members as JSON without white space.
    public var json: String {
        "{" + members.map { "\"\($0.name)\":\"\($0.value)\"" }.joined(separator: ",") + "}"
    }

    /// The thumbprint of RFC 7638, base64url.
    public var thumbprint: String { Base64.url.encode(SHA256.digest(Array(json.utf8))) }

    public static func == (one: JSONWebKey, other: JSONWebKey) -> Bool { one.json == other.json }

    public func hash(into hasher: inout Hasher) { hasher.combine(json) }
}

extension PublicKey {
    /// The key as a JSON Web Key, or nil when it is none of our kinds.
    public func jsonWebKey() throws(OpenSSLError) -> JSONWebKey? {
        guard let algorithm else { return nil }
        let key = try object()
        guard let curve = algorithm.jsonCurve else {
            return JSONWebKey(members: [
                ("e", Base64.url.encode(try number(OSSL_PKEY_PARAM_RSA_E, of: key, width: nil))),
                ("kty", "RSA"),
                ("n", Base64.url.encode(try number(OSSL_PKEY_PARAM_RSA_N, of: key, width: nil))),
            ])
        }
        return JSONWebKey(members: [
            ("crv", curve.name), ("kty", "EC"),
            ("x", Base64.url.encode(try number(OSSL_PKEY_PARAM_EC_PUB_X, of: key, width: curve.width))),
            ("y", Base64.url.encode(try number(OSSL_PKEY_PARAM_EC_PUB_Y, of: key, width: curve.width))),
        ])
    }

    private func number(
        _ name: String, of key: borrowing Owned<KeyObject>, width: Int?
    ) throws(OpenSSLError) -> [UInt8] {
        let number = try unsafe Owned<NumberObject>("EVP_PKEY_get_bn_param") {
            unsafe key.withPointer { key in
                var number: OpaquePointer?
                return unsafe EVP_PKEY_get_bn_param(key, name, &number) == 1 ? number : nil
            }
        }
        return try number.bytes(width: width)
    }
}

extension KeyAlgorithm {
    /// The curve by its JOSE name and the width of a coordinate in bytes; nil for RSA.
    fileprivate var jsonCurve: (name: String, width: Int)? {
        switch self {
        case .ecP256: ("P-256", 32)
        case .ecP384: ("P-384", 48)
        case .rsa2048, .rsa3072, .rsa4096: nil
        }
    }
}
