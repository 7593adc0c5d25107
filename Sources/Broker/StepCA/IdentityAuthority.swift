import FoundationEssentials
import PKI
import POSIX

/// What step-ca decides: who gets an identity, and with which names.
final class IdentityAuthority: Sendable {
    /// Why step-ca says no.
    enum Refusal: Error, Equatable {
        /// Something is missing or no JSON: the caller is told what.
        case badRequest(String)
        /// Anything wrong with a token; the caller is told one and the same text.
        case unauthorized(TokenClaims.Refusal)
        /// The request is not for what the token is for.
        case forbidden(String)
        /// The lab's own trouble.
        case internalError(String)
    }

    let root: Certificate
    private let issuer: CertificateIssuer
    private let provisioner: Provisioner
    private let lifetime: Duration
    private let usedTokens = Lock(UsedTokens())

    /// An authority whose identities live for `lifetime`.
    init(root: Certificate, issuer: CertificateIssuer, provisioner: Provisioner, lifetime: Duration) {
        self.root = root
        self.issuer = issuer
        self.provisioner = provisioner
        self.lifetime = lifetime
    }

    var intermediate: Certificate { issuer.certificate }

    /// The identity a one-time token is for, with the key of the request.
    func sign(_ body: [UInt8], now: Date) throws(Refusal) -> Certificate {
        guard let request = StepCAMessages.decode(StepCAMessages.SignRequest.self, body) else {
            throw .badRequest("error reading request body: it needs csr and ott")
        }
        guard !request.ott.isEmpty else { throw .badRequest("missing ott") }
        let csr = try Self.signingRequest(request.csr)
        let claims: TokenClaims
        do throws(TokenClaims.Refusal) {
            claims = try provisioner.verify(request.ott, now: now)
            try spend(claims, now: now)
        } catch {
            throw .unauthorized(error)
        }
        let subject = claims.subject ?? ""
        let names = claims.names ?? [subject]
        guard csr.commonName == subject else {
            throw .forbidden(
                "certificate request does not contain the valid common name - "
                    + "got \(csr.commonName ?? ""), want \(subject)")
        }
        guard csr.dnsNames.isEmpty || Set(csr.dnsNames) == Set(names) else {
            throw .forbidden(
                "certificate request does not contain the valid DNS names - got \(csr.dnsNames), want \(names)"
            )
        }
        return try issue(subject, names, csr.publicKey, now: now)
    }

    /// A new certificate for the same identity and key.
    func renew(_ identity: Certificate, now: Date) throws(Refusal) -> Certificate {
        try issue(identity.subjectCommonName ?? "", identity.dnsNames, identity.publicKey, now: now)
    }

    /// A new certificate for the identity whose key signed `token`, though its certificate may have expired.
    func renew(token: String, now: Date) throws(Refusal) -> Certificate {
        let leaf: Certificate
        do throws(TokenClaims.Refusal) {
            let (jws, header, claims) = try SignedToken.read(token)
            leaf = try identity(in: header)
            try SignedToken.check(jws, signedBy: leaf.publicKey, header)
            try claims.check(issuer: Provisioner.renewalIssuer, path: "/renew", now: now)
            guard claims.subject == leaf.subjectCommonName else { throw .incomplete }
            try spend(claims, now: now)
        } catch {
            throw .unauthorized(error)
        }
        return try renew(leaf, now: now)
    }

    /// A certificate for the same identity and the key of the request.
    func rekey(_ identity: Certificate, _ body: [UInt8], now: Date) throws(Refusal) -> Certificate {
        guard let request = StepCAMessages.decode(StepCAMessages.RekeyRequest.self, body) else {
            throw .badRequest("error reading request body: it needs csr")
        }
        let csr = try Self.signingRequest(request.csr)
        return try issue(identity.subjectCommonName ?? "", identity.dnsNames, csr.publicKey, now: now)
    }

    /// The leaf of the header's chain, which must be ours. Whether it has expired is not looked at.
    private func identity(in header: TokenHeader) throws(TokenClaims.Refusal) -> Certificate {
        guard let encoded = header.expiredChain?.first, let der = Base64.standard.decode(encoded) else {
            throw .untrustedChain
        }
        // What is no certificate is nobody's identity.
        guard let leaf = try? Certificate(der: der), !leaf.isCA, leaf.isSigned(by: intermediate) else {
            throw .untrustedChain
        }
        return leaf
    }

    private func spend(_ claims: TokenClaims, now: Date) throws(TokenClaims.Refusal) {
        let isFirstUse = usedTokens.withLock { $0.use(claims, now: Int(now.timeIntervalSince1970)) }
        guard isFirstUse else { throw .reused }
    }

    private static func signingRequest(_ pem: String) throws(Refusal) -> SigningRequest {
        guard !pem.isEmpty else { throw .badRequest("missing csr") }
        do {
            return try SigningRequest(pem: Array(pem.utf8))
        } catch {
            throw .badRequest("invalid csr")
        }
    }

    private func issue(
        _ subject: String, _ names: [String], _ key: PublicKey, now: Date
    ) throws(Refusal) -> Certificate {
        do {
            return try issuer.issueLeaf(
                subject, names, for: key, LabValidity(lifetime: lifetime, now: now),
                usages: [.serverAuth, .clientAuth])
        } catch {
            throw .internalError("\(error)")
        }
    }
}
