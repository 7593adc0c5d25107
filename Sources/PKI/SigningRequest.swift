import COpenSSL

/// A certificate signing request (PKCS#10) whose signature has been verified.
public struct SigningRequest: Hashable, Sendable {
    public let der: [UInt8]
    /// The block as it was read or made. Ends with a newline.
    public let pem: String
    /// The common name, nil when there is none or more than one.
    public let commonName: String?
    /// The DNS names that are asked for, in their order.
    public let dnsNames: [String]
    /// Whether names of other kinds are asked for: addresses, mail, URIs.
    public let hasOtherNames: Bool
    public let publicKey: PublicKey

    /// Asks for a certificate for `key`, signed with SHA-256.
    public static func create(
        commonName: String?, dnsNames: [String], key: borrowing PrivateKey
    ) throws(SigningRequestError) -> SigningRequest {
        let der: [UInt8]
        do {
            der = try SigningRequest.encoded(commonName: commonName, dnsNames: dnsNames, key: key)
        } catch {
            throw .openSSL(error)
        }
        return SigningRequest(
            der: der, pem: PEM.text(label: label, contents: der), commonName: commonName, dnsNames: dnsNames,
            hasOtherNames: false, publicKey: key.publicKey)
    }

    private init(
        der: [UInt8], pem: String, commonName: String?, dnsNames: [String], hasOtherNames: Bool,
        publicKey: PublicKey
    ) {
        self.der = der
        self.pem = pem
        self.commonName = commonName
        self.dnsNames = dnsNames
        self.hasOtherNames = hasOtherNames
        self.publicKey = publicKey
    }

    /// Reads the only block of `pem` and verifies that the request is signed by the key it holds.
    public init(pem: [UInt8]) throws(SigningRequestError) {
        let blocks: [PEM.Block]
        do { blocks = try PEM.blocks(in: pem) } catch { throw .pem(error) }
        guard let block = blocks.first else { throw .missing }
        guard blocks.count == 1 else { throw .several }
        guard block.label == SigningRequest.label || block.label == "NEW \(SigningRequest.label)" else {
            throw .missing
        }
        try self.init(der: block.contents, pem: block.text)
    }

    private static let label = "CERTIFICATE REQUEST"

    private init(der: [UInt8], pem: String) throws(SigningRequestError) {
        let request: Owned<RequestObject>
        do {
            request = try unsafe DER.decode(der.span, as: RequestObject.self, "d2i_X509_REQ") {
                unsafe d2i_X509_REQ(nil, $0, $1)
            }
        } catch {
            switch error {
            case .malformed(let error): throw .malformed(error)
            case .trailingBytes: throw .trailingBytes
            }
        }
        let names = try SigningRequest.names(request)
        self.der = der
        self.pem = pem
        commonName = unsafe request.withPointer {
            unsafe DistinguishedName.commonName(X509_REQ_get_subject_name($0))
        }
        dnsNames = names.dnsNames
        hasOtherNames = names.hasOtherNames
        publicKey = try SigningRequest.verifiedKey(request)
    }

    private static func verifiedKey(
        _ request: borrowing Owned<RequestObject>
    ) throws(SigningRequestError) -> PublicKey {
        do {
            let key = try unsafe Owned<KeyObject>("X509_REQ_get_pubkey") {
                unsafe request.withPointer { unsafe X509_REQ_get_pubkey($0) }
            }
            let verdict = unsafe request.withPointer { request in
                unsafe key.withPointer { unsafe X509_REQ_verify(request, $0) }
            }
            ERR_clear_error()
            guard verdict == 1 else { throw SigningRequestError.signatureInvalid }
            let spkiDER = try unsafe request.withPointer { request throws(OpenSSLError) in
                try unsafe DER.encode("i2d_X509_PUBKEY") {
                    unsafe i2d_X509_PUBKEY(X509_REQ_get_X509_PUBKEY(request), $0)
                }
            }
            return PublicKey(key, spkiDER: spkiDER)
        } catch let error as OpenSSLError {
            throw .malformed(error)
        } catch {
            throw .signatureInvalid
        }
    }
}

/// Why bytes are not a signing request, or why none could be made.
public enum SigningRequestError: Error, Hashable, Sendable, CustomStringConvertible {
    case pem(PEMError)
    /// No block in the text is a signing request.
    case missing
    /// There is more than one block.
    case several
    case malformed(OpenSSLError)
    case trailingBytes
    /// A part that must be read is not readable, or is there twice.
    case undecodable(String)
    /// The request is not signed by the key it holds.
    case signatureInvalid
    /// A request could not be made.
    case openSSL(OpenSSLError)

    public var description: String {
        switch self {
        case .pem(let error): error.description
        case .missing: "no certificate request in it"
        case .several: "more than one block in it"
        case .malformed(let error): "malformed certificate request: \(error)"
        case .trailingBytes: "malformed certificate request: bytes follow it inside its block"
        case .undecodable(let part): "malformed certificate request: unreadable \(part)"
        case .signatureInvalid: "the certificate request is not signed by its own key"
        case .openSSL(let error): error.description
        }
    }
}
