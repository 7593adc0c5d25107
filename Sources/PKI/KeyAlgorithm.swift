import COpenSSL

/// A kind of key this project makes and asks for.
public enum KeyAlgorithm: String, Hashable, Sendable, CaseIterable {
    case ecP256 = "ec-p256"
    case ecP384 = "ec-p384"
    case rsa2048 = "rsa-2048"
    case rsa3072 = "rsa-3072"
    case rsa4096 = "rsa-4096"

    /// The modulus in bits, for RSA.
    var modulusBits: Int32? {
        switch self {
        case .ecP256, .ecP384: nil
        case .rsa2048: 2048
        case .rsa3072: 3072
        case .rsa4096: 4096
        }
    }

    /// The curve by OpenSSL's name, for EC.
    var curve: String? {
        switch self {
        case .ecP256: "prime256v1"
        case .ecP384: "secp384r1"
        case .rsa2048, .rsa3072, .rsa4096: nil
        }
    }
}

/// What kind of key a C key object is: one of ours, or in words what else.
struct KeyKind: Hashable, Sendable {
    let algorithm: KeyAlgorithm?
    let description: String

    init(_ key: borrowing Owned<KeyObject>) {
        let (type, bits) = unsafe key.withPointer { key in
            unsafe (EVP_PKEY_get_base_id(key), EVP_PKEY_get_bits(key))
        }
        switch type {
        case EVP_PKEY_EC:
            let curve = KeyKind.curve(key)
            algorithm = KeyAlgorithm.allCases.first { $0.curve == curve && curve != nil }
            description = "EC \(curve ?? "with explicit parameters")"
        case EVP_PKEY_RSA:
            algorithm = KeyAlgorithm.allCases.first { $0.modulusBits == bits }
            description = "RSA \(bits)"
        default:
            algorithm = nil
            description = unsafe OBJ_nid2sn(type).map { unsafe String(cString: $0) } ?? "type \(type)"
        }
    }

    private static func curve(_ key: borrowing Owned<KeyObject>) -> String? {
        var name = [CChar](repeating: 0, count: 64)
        var length = 0
        let found = unsafe key.withPointer { unsafe EVP_PKEY_get_group_name($0, &name, name.count, &length) }
        guard found == 1, length < name.count else { return nil }
        return String(decoding: name[..<length].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
