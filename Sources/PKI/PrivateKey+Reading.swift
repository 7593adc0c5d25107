import COpenSSL

/// Why text is not a private key we can use.
public enum PrivateKeyError: Error, Hashable, Sendable {
    case pem(PEMError)
    /// No block in the text is a private key.
    case missing
    /// More than one block is a private key, so which one is meant is a guess.
    case several
    /// The key is encrypted. There is nobody to ask for a passphrase.
    case encrypted
    /// A private key in a format that is not read (`OPENSSH PRIVATE KEY` and the like).
    case unsupportedFormat(label: String)
    case malformed(OpenSSLError)
    case trailingBytes
    /// The public half in the file is not that of the private one.
    case inconsistent
}

extension PrivateKeyError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .pem(let error): error.description
        case .missing: "no private key in it"
        case .several: "more than one private key in it"
        case .encrypted: "the private key is encrypted; an unencrypted one is needed"
        case .unsupportedFormat(let label): "the format \(label) is not supported; use PKCS#8 (PRIVATE KEY)"
        case .malformed(let error): "malformed private key: \(error)"
        case .trailingBytes: "malformed private key: bytes follow it inside its block"
        case .inconsistent: "the private key contradicts the public half that stands beside it"
        }
    }
}

extension PrivateKey {
    /// Reads the one private key in `pem`: `PRIVATE KEY`, `EC PRIVATE KEY` or `RSA PRIVATE KEY`.
    ///
    /// Other blocks (`EC PARAMETERS`, certificates of a combined file) may stand around it.
    public init(pem: Span<UInt8>) throws(PrivateKeyError) {
        let section = try PrivateKey.section(in: pem)
        var der: [UInt8]
        do { der = try section.decode(from: pem) } catch { throw .pem(error) }
        defer { SecretBytes.wipe(&der) }
        let object = try PrivateKey.decode(der.span, label: section.label)
        try PrivateKey.checkHalves(object)
        do { try self.init(owning: object) } catch { throw .malformed(error) }
    }

    public init(pem: [UInt8]) throws(PrivateKeyError) { try self.init(pem: pem.span) }

    public init(pem: SecretBytes) throws(PrivateKeyError) {
        self = try pem.withBytes { pem throws(PrivateKeyError) in try PrivateKey(pem: pem) }
    }

    private static func section(in pem: Span<UInt8>) throws(PrivateKeyError) -> PEM.Section {
        let sections: [PEM.Section]
        do { sections = try PEM.sections(in: pem) } catch { throw .pem(error) }
        let keys = sections.filter { $0.label.hasSuffix("PRIVATE KEY") }
        guard let key = keys.first else { throw .missing }
        guard keys.count == 1 else { throw .several }
        // The old formats say so in headers, PKCS#8 in its label. OpenSSL's reader would ask the terminal.
        guard !key.hasHeaders, key.label != "ENCRYPTED PRIVATE KEY" else { throw .encrypted }
        return key
    }

    private static func decode(
        _ der: Span<UInt8>, label: String
    ) throws(PrivateKeyError) -> Owned<KeyObject> {
        do {
            switch label {
            case "PRIVATE KEY":
                let encoded = try unsafe DER.decode(der, as: EncodedKeyObject.self, "d2i_PKCS8_PRIV_KEY_INFO")
                {
                    unsafe d2i_PKCS8_PRIV_KEY_INFO(nil, $0, $1)
                }
                return try PrivateKey.decode(encoded)
            case "EC PRIVATE KEY":
                return try unsafe DER.decode(der, as: KeyObject.self, "d2i_PrivateKey") {
                    unsafe d2i_PrivateKey(EVP_PKEY_EC, nil, $0, $1)
                }
            case "RSA PRIVATE KEY":
                return try unsafe DER.decode(der, as: KeyObject.self, "d2i_PrivateKey") {
                    unsafe d2i_PrivateKey(EVP_PKEY_RSA, nil, $0, $1)
                }
            default:
                throw PrivateKeyError.unsupportedFormat(label: label)
            }
        } catch let error as DER.Failure {
            switch error {
            case .malformed(let error): throw .malformed(error)
            case .trailingBytes: throw .trailingBytes
            }
        } catch let error as PrivateKeyError {
            throw error
        } catch {
            throw .trailingBytes
        }
    }

    private static func decode(
        _ encoded: borrowing Owned<EncodedKeyObject>
    ) throws(PrivateKeyError) -> Owned<KeyObject> {
        if let key = unsafe Owned<KeyObject>(owning: encoded.withPointer({ unsafe copenssl_ec_key($0) })) {
            return key
        }
        do {
            return try unsafe Owned<KeyObject>("EVP_PKCS82PKEY") {
                unsafe encoded.withPointer { unsafe EVP_PKCS82PKEY($0) }
            }
        } catch {
            throw .malformed(error)
        }
    }

    /// A wrong public half would make the key "match" a certificate that it cannot serve.
    ///
    /// EC only: RSA's test repeats the search for primes, and its halves share the modulus.
    private static func checkHalves(_ key: borrowing Owned<KeyObject>) throws(PrivateKeyError) {
        guard unsafe key.withPointer({ unsafe EVP_PKEY_get_base_id($0) }) == EVP_PKEY_EC else { return }
        defer { ERR_clear_error() }
        guard unsafe key.withPointer({ unsafe copenssl_ec_halves_agree($0) }) == 1 else {
            throw .inconsistent
        }
    }
}
