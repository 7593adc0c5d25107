import Configuration
import FoundationEssentials
import Lifecycle
import PKI
import POSIX

/// What a plan is made from: the outputs, the identity and the stored records, each as far as this user can read it.
struct PlanSurroundings {
    private(set) var found: [CertificateName: FoundCertificate] = [:]
    private(set) var identity = FoundIdentity(pair: .missing)
    private(set) var records: [CertificateName: CertificateRecord] = [:]
    /// Why nothing can be said of a certificate.
    private(set) var doubts: [CertificateName: String] = [:]
    /// What is said of a certificate without having been seen.
    private(set) var assumptions: [CertificateName: String] = [:]
    private(set) var identityDoubt: String?
    private(set) var notes: [String] = []
    /// What this user can't read the agent can't read either.
    private let seesLikeTheAgent: Bool

    init(_ settings: AgentConfiguration) {
        let owner = (try? File.status(settings.stateDirectory))??.owner
        seesLikeTheAgent = ProcessFacts.userID == (owner ?? 0)
        readRecords(settings)
        readIdentity(settings.identity)
        let inventory = Inventory()
        for certificate in settings.certificates { look(at: certificate, inventory) }
    }

    private mutating func look(at certificate: ManagedCertificate, _ inventory: Inventory) {
        var found = inventory.look(at: certificate)
        if !seesLikeTheAgent {
            if case .unreadable(let reason) = found.certificate { doubts[certificate.name] = reason }
            if case .unreadable(let reason) = found.key {
                if Self.isClosed(certificate.outputs.key) {
                    assumptions[certificate.name] = "key not readable by this user, taken as right"
                    found.key = .matches
                    // With its key at hand it would be restored from the others.
                    if found.lost.remove(.combined) != nil { found.rebuildable.insert(.combined) }
                } else {
                    doubts[certificate.name] = reason
                }
            }
            if let combined = certificate.outputs.combined, Self.isClosed(combined) {
                found.lost.remove(.combined)
                found.rebuildable.remove(.combined)
            }
        }
        self.found[certificate.name] = found
    }

    private static func isClosed(_ path: String) -> Bool {
        do {
            _ = try File.read(path, limit: CertificateFiles.longest)
            return false
        } catch {
            return error.errno == .permissionDenied
        }
    }

    // MARK: - The identity

    private mutating func readIdentity(_ settings: IdentitySettings) {
        identity = IdentityFiles(settings).look()
        guard !seesLikeTheAgent, case .unusable(let reason) = identity.pair else { return }
        identityDoubt = "\(reason); taken as good here"
        // Its key is the agent's alone, and rightly so: what can be seen of the certificate has to do.
        guard let bytes = try? File.read(settings.certificatePath, limit: 1 << 20),
            let leaf = try? CertificateChain(pem: bytes).leaf
        else { return assumeIdentity(settings.name) }
        identity.pair = .present(
            IdentityFacts(
                name: settings.name, serial: leaf.serialHex, issuer: leaf.issuerName,
                notBefore: leaf.notBefore, notAfter: leaf.notAfter))
    }

    private mutating func assumeIdentity(_ name: String) {
        let now = Date.now
        identity.pair = .present(
            IdentityFacts(name: name, serial: "", issuer: "", notBefore: now, notAfter: now + 365 * 86_400))
    }

    // MARK: - The state directory

    private mutating func readRecords(_ settings: AgentConfiguration) {
        do {
            guard try File.status(settings.stateDirectory) != nil else { return }
            let root = try Directory.open(settings.stateDirectory)
            guard let records = try Self.part("state", of: root) else { return }
            for certificate in settings.certificates { readRecord(of: certificate.name, in: records) }
            // What is known of a certificate that has another name by now counts for it.
            for name in try StateStore.names(in: records) where self.records[name] == nil {
                self.records[name] = try? StateStore.read(name, in: records)
            }
            noteInterruptedInstalls(try Self.part("journal", of: root)?.entries() ?? [])
        } catch {
            notes.append("Waits, order budgets and reloads that are owed are not known: \(error).")
        }
    }

    /// Nil before the first start.
    private static func part(_ name: String, of root: borrowing Directory) throws(SystemError) -> Directory? {
        do { return try Directory.open(root.path(of: name)) } catch {
            if error.errno == .notFound { return nil }
            throw error
        }
    }

    private mutating func readRecord(of name: CertificateName, in records: borrowing Directory) {
        do {
            self.records[name] = try StateStore.read(name, in: records)
        } catch {
            // A run would begin with a clean one.
            self.records[name] = CertificateRecord()
            notes.append("The state of '\(name)' can't be read: \(error). A run would start it anew.")
        }
    }

    private mutating func noteInterruptedInstalls(_ entries: [String]) {
        if entries.isEmpty { return }
        notes.append("An install that was interrupted would be finished or undone first (\(entries.count)).")
    }
}
