import Configuration
import FoundationEssentials
import Lifecycle
import PKI
import Transfer

/// What the agent obtains from step-ca: a first identity for a token, and a new one for the one it has.
struct IdentityAuthority {
    let settings: IdentitySettings
    let stateDirectory: String
    let files: IdentityFiles
    let installer: Installer

    /// Renews the identity: over mutual TLS while it is valid, with a token of its own key after its expiry.
    func renew(session: Session, stop: StopFlag) throws(RenewalFailure) -> IdentityFacts {
        guard case .usable(let identity) = files.read() else {
            throw RenewalFailure(stage: .order, .notEnrolled, detail: "there is no identity to renew")
        }
        let client = try stepCA(session: session, stop: stop)
        let chain: [String]
        if identity.chain.leaf.notAfter >= Date.now {
            chain = try client.renew(with: identity.clientIdentity)
        } else {
            chain = try client.renewAfterExpiry(token: try renewalToken(for: identity))
        }
        return try install(chain, key: identity.keyPEM)
    }

    /// Obtains the first identity, or a new one in an expired one's place. The token is spent by this.
    func enroll(token: String, session: Session, stop: StopFlag = StopFlag()) throws(RenewalFailure)
        -> IdentityFacts
    {
        let keyPEM: SecretBytes
        let request: SigningRequest
        do {
            let key = try PrivateKey.generate(.ecP256)
            keyPEM = try key.pkcs8PEM()
            // The names come from the token; a name of our own could only contradict it.
            request = try SigningRequest.create(commonName: settings.name, dnsNames: [], key: key)
        } catch {
            throw RenewalFailure(stage: .key, .keyGenerationFailed, detail: "\(error)")
        }
        let client = try stepCA(session: session, stop: stop)
        return try install(try client.sign(signingRequestPEM: request.pem, token: token), key: keyPEM)
    }

    /// A client that trusts what the configuration says; a root known by its fingerprint is fetched first.
    func stepCA(session: Session, stop: StopFlag = StopFlag()) throws(RenewalFailure) -> StepCAClient {
        let (url, timeout) = (settings.stepCA.url.text, settings.stepCA.timeout)
        let anchors =
            switch settings.stepCA.trust {
            case .rootBundle(let path): try TrustBundle.read(path, orThrow: .caUntrusted)
            case .fingerprint(let fingerprint):
                try StepCAClient.root(
                    fingerprint: fingerprint.hex, url: url, timeout: timeout, session: session, stop: stop)
            }
        return StepCAClient(
            url: url, trust: .anchors(anchors), timeout: timeout, session: session, stop: stop)
    }

    /// Nothing is written that the broker would refuse.
    private func install(_ chainPEM: [String], key: SecretBytes) throws(RenewalFailure) -> IdentityFacts {
        let chain = try IdentityChecks(settings: settings).passAll(chainPEM, key: key)
        // In the state directory everything is private.
        let isInState = settings.certificatePath.hasPrefix(stateDirectory + "/")
        _ = try installer.installIdentity(
            certificatePEM: chain.pem, at: settings.certificatePath, key: key, at: settings.keyPath,
            certificateMode: isInState ? 0o600 : nil)
        return IdentityFacts(
            name: settings.name, serial: chain.leaf.serialHex, issuer: chain.leaf.issuerName,
            notBefore: chain.leaf.notBefore, notAfter: chain.leaf.notAfter)
    }

    private func renewalToken(for identity: IdentityFiles.Usable) throws(RenewalFailure) -> String {
        do {
            return try ExpiredIdentityToken(url: settings.stepCA.url.text, chain: identity.chain)
                .signed(with: PrivateKey(pem: identity.keyPEM), at: .now)
        } catch {
            throw RenewalFailure(stage: .key, .identityUnusable, detail: "\(error)")
        }
    }
}
