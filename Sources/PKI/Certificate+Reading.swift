import COpenSSL

/// Why bytes are not a certificate, or not the certificates that were asked for.
public enum CertificateError: Error, Hashable, Sendable {
    case pem(PEMError)
    /// No block in the text is a certificate.
    case missing
    /// There is more than one certificate where one is wanted.
    case several
    /// A block of another kind stands among the certificates.
    case unexpectedBlock(label: String, line: Int)
    case malformed(OpenSSLError)
    case trailingBytes
    /// A part that must be read is not readable, or is there twice.
    case undecodable(String)
}

extension CertificateError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .pem(let error): error.description
        case .missing: "no certificate in it"
        case .several: "more than one certificate in it"
        case .unexpectedBlock(let label, let line): "PEM line \(line): \(label) among the certificates"
        case .malformed(let error): "malformed certificate: \(error)"
        case .trailingBytes: "malformed certificate: bytes follow it inside its block"
        case .undecodable(let part): "malformed certificate: unreadable \(part)"
        }
    }
}

extension Certificate {
    /// Reads one certificate from its DER bytes.
    public init(der: [UInt8]) throws(CertificateError) {
        try self.init(der: der, pem: PEM.text(label: Certificate.label, contents: der))
    }

    /// Reads the only certificate of `pem`.
    public init(pem: [UInt8]) throws(CertificateError) {
        let all = try Certificate.all(inPEM: pem)
        guard let only = all.first else { throw .missing }
        guard all.count == 1 else { throw .several }
        self = only
    }

    /// Every certificate of a bundle, at least one; blocks of other kinds are passed over.
    ///
    /// - Parameter known: certificates that were read before and need not be once more.
    public static func all(
        inPEM pem: [UInt8], knowing known: [Certificate] = []
    ) throws(CertificateError) -> [Certificate] {
        let text = pem.span
        let sections: [PEM.Section]
        do { sections = try PEM.sections(in: text) } catch { throw .pem(error) }
        var certificates: [Certificate] = []
        for section in sections where section.label == label {
            certificates.append(try Certificate(section, in: text, knowing: known))
        }
        guard !certificates.isEmpty else { throw .missing }
        return certificates
    }

    static let label = "CERTIFICATE"

    init(
        _ section: PEM.Section, in text: Span<UInt8>, knowing known: [Certificate] = []
    ) throws(CertificateError) {
        guard !section.hasHeaders else { throw .pem(PEMError(line: section.line, reason: .headers)) }
        let der: [UInt8]
        do { der = try section.decode(from: text) } catch { throw .pem(error) }
        if let same = known.first(where: { $0.der == der }) {
            self = same
            return
        }
        try self.init(der: der, pem: section.written(in: text))
    }

    private init(der: [UInt8], pem: String) throws(CertificateError) {
        let object = try Certificate.object(der)
        let facts = try CertificateFacts(object)
        let publicKey: PublicKey
        do { publicKey = try PublicKey(of: object) } catch { throw .malformed(error) }
        self.init(
            der: der, pem: pem, facts: facts, publicKey: publicKey, object: CertificateHandle(object))
    }

    private static func object(_ der: [UInt8]) throws(CertificateError) -> Owned<CertificateObject> {
        do {
            return try unsafe DER.decode(der.span, as: CertificateObject.self, "d2i_X509") {
                unsafe d2i_X509(nil, $0, $1)
            }
        } catch {
            switch error {
            case .malformed(let error): throw .malformed(error)
            case .trailingBytes: throw .trailingBytes
            }
        }
    }
}

extension PublicKey {
    init(of certificate: borrowing Owned<CertificateObject>) throws(OpenSSLError) {
        let key = try unsafe Owned<KeyObject>("X509_get_pubkey") {
            unsafe certificate.withPointer { unsafe X509_get_pubkey($0) }
        }
        let spkiDER = try unsafe certificate.withPointer { certificate throws(OpenSSLError) in
            try unsafe DER.encode("i2d_X509_PUBKEY") {
                unsafe i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), $0)
            }
        }
        self.init(key, spkiDER: spkiDER)
    }
}
