public import Configuration
public import FoundationEssentials
import Lifecycle
import Notation
import PKI
import POSIX

/// Looks at everything a run would need, and changes nothing.
///
/// What is merely not there yet, before enrolment and before the first issuance, is a notice.
public struct Inspection: Sendable {
    let settings: AgentConfiguration
    let now: Date

    public init(_ settings: AgentConfiguration, now: Date = .now) {
        self.settings = settings
        self.now = now
    }

    /// Everything that can be seen on this host.
    public func findings() -> [Finding] {
        let shared = SharedFiles(among: settings.certificates, besides: settings.reservedFiles)
        return [stateDirectory()] + localSocket() + bundles() + identity()
            + settings.certificates.flatMap { clash(of: $0, in: shared) + certificate($0) }
    }

    private func clash(of certificate: ManagedCertificate, in shared: SharedFiles) -> [Finding] {
        guard let clash = shared[certificate.name] else { return [] }
        return [
            Finding(
                .problem, "certificate \(certificate.name) \(clash.output.rawValue)", clash.text,
                advice: FailureClass.sharedOutputs.advice)
        ]
    }

    // MARK: - State and trust

    private func stateDirectory() -> Finding {
        let (subject, path) = ("state_dir", settings.stateDirectory)
        do {
            guard let status = try File.status(path) else {
                return Finding(.notice, subject, "\(path) does not exist yet; the agent makes it")
            }
            guard status.kind == .directory else {
                return Finding(
                    .problem, subject, "\(path) is not a directory", advice: "Name a directory in state_dir.")
            }
            guard Self.isAgents(status.owner, unit: ServiceUnit(named: UnitDropIn.unit)) else {
                return Finding(
                    .problem, subject, "\(path) belongs to another user",
                    advice: "Run the agent as that user, or name another state_dir.")
            }
            guard status.mode & 0o077 == 0 else {
                return Finding(
                    .warning, subject, "\(path) is open to other users; the agent tightens it to 0700",
                    advice: "See who had access: pending keys lie there.")
            }
            return Finding(.ok, subject, "\(path) is private")
        } catch {
            return Finding(.problem, subject, "\(error)", advice: FailureClass.stateDirectoryFailed.advice)
        }
    }

    /// Whether a file may belong to this user: the one who asks, root, or the one whom the installed unit runs the agent
    /// as, when it is root who asks.
    static func isAgents(
        _ owner: UserID, unit: ServiceUnit?, asker: UserID = ProcessFacts.userID
    ) -> Bool {
        if owner == asker || owner == 0 { return true }
        guard asker == 0, let name = unit?.value("User") else { return false }
        // A user who can't be looked up is nobody's agent.
        return (try? Accounts.userID(named: name)) == owner
    }

    private func bundles() -> [Finding] {
        var bundles = [
            ("identity.issuer_ca_bundle", settings.identity.issuerCABundlePath),
            ("broker.server_ca_bundle", settings.broker.serverCABundlePath),
        ]
        if case .rootBundle(let path) = settings.identity.stepCA.trust {
            bundles.append(("identity.step_ca.root_ca_bundle", path))
        }
        return bundles.map { bundle(subject: $0.0, path: $0.1) }
    }

    private func bundle(subject: String, path: String) -> Finding {
        do {
            let certificates = try TrustBundle.certificates(path)
            let expired = certificates.filter { $0.notAfter < now }
            if expired.count == certificates.count {
                return Finding(
                    .problem, subject, "every certificate in \(path) has expired",
                    advice: "Fetch the authority's current certificates.")
            }
            if let first = expired.first {
                return Finding(
                    .warning, subject, "\(first.subjectName) in \(path) has expired",
                    advice: "Remove it once nothing depends on it.")
            }
            return Finding(.ok, subject, "\(certificates.count) certificates in \(path)")
        } catch {
            return Finding(
                .problem, subject, error.detail, advice: "Put the authority's certificates there, as PEM.")
        }
    }

    // MARK: - Identity

    private func identity() -> [Finding] {
        let identity = settings.identity
        let found = IdentityFiles(identity).look()
        var findings: [Finding] = []
        switch found.pair {
        case .missing where found.hasBootstrapToken:
            findings.append(
                Finding(
                    .notice, "identity", "not enrolled yet; a bootstrap token is in place",
                    advice: "Run `certplane-agent enroll`, or start the agent."))
        case .missing:
            findings.append(
                Finding(.notice, "identity", "not enrolled yet", advice: FailureClass.notEnrolled.advice))
        case .unusable(let reason):
            findings.append(
                Finding(
                    .problem, "identity", reason, advice: "Repair the files, or remove them and enroll again."
                ))
        case .present(let facts) where facts.notAfter < now:
            findings.append(
                Finding(
                    .problem, "identity", "expired at \(facts.notAfter.rfc3339)",
                    advice: FailureClass.identityExpired.advice))
        case .present(let facts):
            findings.append(
                Finding(.ok, "identity", "\(facts.name), valid until \(facts.notAfter.rfc3339)"))
        }
        if let finding = openKey("identity.key", identity.keyPath, widest: 0o600) { findings.append(finding) }
        return findings
    }

    // MARK: - Certificates

    private func certificate(_ certificate: ManagedCertificate) -> [Finding] {
        let subject = "certificate \(certificate.name)"
        let found = Inventory().look(at: certificate)
        var findings = Output.allCases.compactMap { output in
            certificate.outputs[output].flatMap { outputPath("\(subject) \(output.rawValue)", $0) }
        }
        do { _ = try OutputAccess(certificate.ownership) } catch {
            findings.append(Finding(.problem, subject, error.detail, advice: error.advice))
        }
        let widest = certificate.ownership.keyMode ?? 0o640
        findings += [Output.key, .combined].compactMap { output in
            certificate.outputs[output].flatMap {
                openKey("\(subject) \(output.rawValue)", $0, widest: widest)
            }
        }
        switch RenewalPolicy.defect(of: found, wanted: certificate) {
        case .missing:
            findings.append(Finding(.notice, subject, "not issued yet"))
        case let defect?:
            findings.append(
                Finding(.warning, subject, "\(defect.explanation): the agent orders a new one"))
        case nil:
            findings.append(validity(of: certificate, found: found, subject))
        }
        return findings
    }

    private func validity(of certificate: ManagedCertificate, found: FoundCertificate, _ subject: String)
        -> Finding
    {
        guard let installed = found.installed else { return Finding(.notice, subject, "not issued yet") }
        let window = RenewalWindow(lifetime: installed.lifetime, renewBefore: certificate.renewBefore)
        let until = "valid until \(installed.notAfter.rfc3339)"
        if installed.notAfter < now {
            return Finding(.warning, subject, "expired at \(installed.notAfter.rfc3339)")
        }
        let due = window.dueAt(
            notAfter: installed.notAfter, lifetime: installed.lifetime, identity: settings.identity.name,
            name: certificate.name)
        return Finding(.ok, subject, "\(until), renewed from \(due.rfc3339)")
    }

    private func outputPath(_ subject: String, _ path: String) -> Finding? {
        do {
            let location = try SafePath.resolve(path)
            // What can't be looked at is told when it can't be written.
            if (try? location.directory.isMountPoint(location.name)) == true {
                return Finding(
                    .notice, subject,
                    "\(path) is mounted as a file of its own: it is written over where it is, and a crash can leave it"
                        + " torn until the next start or `certplane-agent recover`",
                    advice: "Mount its directory instead, so that the file can be replaced.")
            }
            return nil
        } catch {
            if case .system(let system) = error, system.errno == .notFound {
                return Finding(
                    .notice, subject, "the directory of \(path) does not exist yet; the agent makes it")
            }
            if case .unsafe = error {
                return Finding(.problem, subject, "\(error)", advice: FailureClass.unsafePath.advice)
            }
            return Finding(.problem, subject, "\(error)", advice: FailureClass.permissionDenied.advice)
        }
    }

    private func openKey(_ subject: String, _ path: String, widest: UInt32) -> Finding? {
        // A key that isn't there, or can't be looked at, is told of elsewhere.
        guard let status = try? File.status(path), status.mode & 0o777 & ~widest != 0 else { return nil }
        return Finding(
            .warning, subject, "\(path) has the mode 0\(String(status.mode & 0o777, radix: 8))",
            advice: "Narrow it to 0\(String(widest, radix: 8)), and renew if others may have read the key.")
    }
}
