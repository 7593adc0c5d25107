import Configuration
import FoundationEssentials
import Lifecycle
import Log
import PKI
import POSIX
import Transfer

/// What the agent obtains from step-ca: a first identity for a token, and a new one for the one it has.
struct IdentityAuthority {
    let settings: IdentitySettings
    let state: StateDirectory
    let files: IdentityFiles
    let installer: Installer
    var clock = JudgedClock()
    let log: Logger

    /// Renews the identity: over mutual TLS while it is valid, with a token of its own key after its expiry.
    func renew(session: Session, stop: StopFlag) throws(RenewalFailure) -> IdentityFacts {
        guard case .usable(let identity) = files.read() else {
            throw RenewalFailure(stage: .order, .notEnrolled, detail: "there is no identity to renew")
        }
        let client = try StepCAClient.configured(
            settings.stepCA, session: session, stop: stop, clock: clock)
        let chain: [String]
        if identity.chain.leaf.notAfter >= clock.now {
            chain = try client.renew(with: identity.clientIdentity)
        } else {
            chain = try client.renewAfterExpiry(token: try renewalToken(for: identity))
        }
        let claim = try IdentityClaim.take(settings, in: state, log: log)
        try requireUnchanged(identity.chain.leaf)
        let facts = try install(chain, key: identity.keyPEM)
        _ = consume claim
        return facts
    }

    /// Gives way to whoever has changed the pair since: its key may be another by now, which a token has bought.
    private func requireUnchanged(_ leaf: Certificate?) throws(RenewalFailure) {
        let now = files.read().leaf
        if now == leaf { return }
        let serials = [leaf, now].map { $0?.serialHex ?? "none" }
        throw RenewalFailure(
            stage: .install, .identityUnusable,
            detail:
                "the identity has been changed meanwhile, by an enrolment perhaps: its serial was \(serials[0])"
                + " and is \(serials[1]); that one stays", isTransient: true)
    }

    /// Obtains the first identity, or a new one in an expired one's place, under an ``IdentityClaim``. The token is
    /// spent by this, so what can be known to fail afterwards fails before.
    func enroll(token: StepCAToken, session: Session, stop: StopFlag = StopFlag()) throws(RenewalFailure)
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
        let client = try StepCAClient.configured(
            settings.stepCA, session: session, stop: stop, clock: clock)
        _ = try TrustBundle.certificates(settings.issuerCABundlePath, orThrow: .caUntrusted)
        try installer.rehearseIdentity(at: settings.certificatePath, key: settings.keyPath)
        return try install(try client.sign(signingRequestPEM: request.pem, token: token), key: keyPEM)
    }

    /// Nothing is written that the broker would refuse.
    private func install(_ chainPEM: [String], key: SecretBytes) throws(RenewalFailure) -> IdentityFacts {
        let chain = try IdentityChecks(settings: settings, now: clock.now).passAll(chainPEM, key: key)
        try IdentityClaim.giveUpAbsentInstalls(settings, in: state, log: log)
        keepPrevious(unless: chain.leaf.serialHex)
        let warnings = try installer.installIdentity(
            certificatePEM: chain.pem, at: settings.certificatePath, key: key, at: settings.keyPath,
            certificateMode: certificateMode)
        for warning in warnings {
            log.warn("identity installed with a reservation", ["warning": .string(warning)])
        }
        return IdentityFacts(
            name: settings.name, serial: chain.leaf.serialHex, issuer: chain.leaf.issuerName,
            notBefore: chain.leaf.notBefore, notAfter: chain.leaf.notAfter)
    }

    /// In the state directory everything is private.
    private var certificateMode: FileMode? {
        settings.certificatePath.hasPrefix(state.path + "/") ? 0o600 : nil
    }

    private var previous: PreviousIdentity {
        PreviousIdentity(stateDirectory: state.path, name: settings.name)
    }

    /// What is valid now can be put back if every broker refuses the new one.
    private func keepPrevious(unless newSerial: String) {
        guard case .usable(let current) = files.read(), current.chain.leaf.notAfter >= clock.now,
            current.chain.leaf.serialHex != newSerial
        else { return }
        do { try previous.keep(current) } catch {
            log.warn("the identity before could not be kept", ["error": .string("\(error)")])
        }
    }

    /// Puts the identity before back, in the way in which a new one is installed, unless the refused one has gone.
    func restore(insteadOf refused: Certificate?) throws(RenewalFailure) -> IdentityFacts {
        let claim = try IdentityClaim.take(settings, in: state, log: log)
        try requireUnchanged(refused)
        guard let previous = previous.read() else {
            throw RenewalFailure(stage: .checks, .notEnrolled, detail: "there is no identity to put back")
        }
        try IdentityClaim.giveUpAbsentInstalls(settings, in: state, log: log)
        _ = try installer.installIdentity(
            certificatePEM: previous.chain.pem, at: settings.certificatePath, key: previous.keyPEM,
            at: settings.keyPath, certificateMode: certificateMode)
        try? self.previous.forget()  // What is left over is the identity itself.
        _ = consume claim
        return previous.facts
    }

    private func renewalToken(for identity: IdentityFiles.Usable) throws(RenewalFailure) -> StepCAToken {
        do {
            let token = ExpiredIdentityToken(url: settings.stepCA.url.text, chain: identity.chain)
            return StepCAToken(try token.signed(with: PrivateKey(pem: identity.keyPEM), at: clock.now))
        } catch {
            throw RenewalFailure(stage: .key, .identityUnusable, detail: "\(error)")
        }
    }
}
