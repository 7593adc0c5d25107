public import FoundationEssentials
public import PKI

/// A root and an intermediate below it, made when a test needs them, and everything they can sign.
///
/// All validity is told from the reference time that the test gives, so nothing expires while the test ages.
public struct TestAuthority: Sendable {
    public let root: CertificateIssuer
    public let intermediate: CertificateIssuer
    /// The time that the tests of this authority call now, in whole seconds.
    public let now: Date

    public init(named name: String = "Test", now: Date = Date()) throws {
        self.now = Date(timeIntervalSince1970: now.timeIntervalSince1970.rounded(.down))
        let (start, end) = (self.now - 86_400, self.now + 3650 * 86_400)
        root = try CertificateIssuer.selfSigned(
            CertificateTemplate(
                commonName: "\(name) Root", organization: name, notBefore: start, notAfter: end,
                role: .authority()),
            key: .generate(.ecP256))
        intermediate = try root.subordinate(
            CertificateTemplate(
                commonName: "\(name) Intermediate", organization: name, notBefore: start, notAfter: end,
                role: .authority(maximumIntermediates: 0)),
            key: .generate(.ecP256))
    }

    /// The root's PEM: what a client or server of this authority trusts.
    public var trustPEM: [UInt8] { Array(root.certificate.pem.utf8) }

    /// A leaf for a server, valid for ninety days from an hour ago.
    public func server(
        _ names: [String] = ["localhost"], addresses: [String] = ["127.0.0.1"], key: KeyAlgorithm = .ecP256
    ) throws -> TestIdentity {
        try identity(
            template(commonName: names.first, dnsNames: names, addresses: addresses, usages: [.serverAuth]),
            key: key)
    }

    /// A leaf for a client, as an agent's identity is: the name as common name, no alternative names.
    public func client(_ name: String, key: KeyAlgorithm = .ecP256) throws -> TestIdentity {
        try identity(template(commonName: name, usages: [.clientAuth]), key: key)
    }

    /// Any leaf, with a new key.
    public func identity(_ template: CertificateTemplate, key: KeyAlgorithm = .ecP256) throws -> TestIdentity
    {
        let key = try PrivateKey.generate(key)
        return TestIdentity(chain: try chain(template, for: key.publicKey), keyPEM: try key.pkcs8PEM())
    }

    /// Any leaf, for a key that exists: what a broker answers to a request.
    public func chain(_ template: CertificateTemplate, for key: PublicKey) throws -> CertificateChain {
        CertificateChain(
            leaf: try intermediate.issue(template, for: key), intermediates: [intermediate.certificate])
    }

    /// A leaf's template, valid for `lifetime` seconds from `notBefore`, which is an hour ago unless it is given.
    public func template(
        commonName: String?, dnsNames: [String] = [], addresses: [String] = [],
        usages: [ExtendedKeyUsage] = [.serverAuth, .clientAuth], notBefore: Date? = nil,
        lifetime: Double = 90 * 86_400
    ) -> CertificateTemplate {
        let start = notBefore ?? now - 3600
        return CertificateTemplate(
            commonName: commonName, dnsNames: dnsNames, addresses: addresses, notBefore: start,
            notAfter: start + lifetime - 1, role: .leaf(usages: usages))
    }
}

/// A leaf with its chain and its key.
public struct TestIdentity: Sendable {
    public let chain: CertificateChain
    public let keyPEM: SecretBytes

    public init(chain: CertificateChain, keyPEM: SecretBytes) {
        self.chain = chain
        self.keyPEM = keyPEM
    }

    public var leaf: Certificate { chain.leaf }

    /// Leaf and intermediate, as they are sent in a handshake.
    public var chainPEM: [UInt8] { Array(chain.pem.utf8) }

    /// The key's PEM where an array is wanted. A test has no secrets.
    public var keyBytes: [UInt8] { keyPEM.withBytes { span in span.indices.map { span[$0] } } }

    public func key() throws -> PrivateKey { try PrivateKey(pem: keyPEM) }
}
