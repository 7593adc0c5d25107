import FoundationEssentials
import PKI
import POSIX

/// The lab's directory: what is kept in it across starts, and what is written anew at each.
struct LabStore {
    let layout: LabLayout

    /// Opens the directory, made if need be.
    init(_ layout: LabLayout) throws(LabFailure) {
        self.layout = layout
        for (path, mode) in [
            (layout.root, FileMode(0o755)), (layout.authority, 0o700), (layout.bundles, 0o755),
            (layout.outputs, 0o755), (layout.agentState, 0o700),
        ] {
            do throws(SystemError) {
                _ = try Directory.make(path, mode: mode)
            } catch {
                throw LabFailure("making the lab's directory", error)
            }
        }
    }

    /// The hierarchy called `name`, made when there is none that can be used.
    func hierarchy(_ name: String, file: String, now: Date) throws(LabFailure) -> LabHierarchy {
        if let kept = keptHierarchy(file), kept.isUsable(at: now) { return kept }
        do {
            let made = try LabHierarchy.make(name, now: now)
            let chain = made.intermediate.certificate.pem + made.root.pem
            try write(layout.authority, file + ".crt", Array(chain.utf8), mode: 0o600)
            try write(layout.authority, file + ".key", try made.intermediate.keyPEM())
            return made
        } catch {
            throw LabFailure("making the CA \(name)", error)
        }
    }

    /// The provisioner, with a new key when there is none that can be used.
    func provisioner() throws(LabFailure) -> Provisioner {
        let name = "provisioner.key"
        do {
            // A key that can't be read is replaced like one that is missing: nothing depends on the old one.
            if let pem = try? File.read("\(layout.authority)/\(name)", limit: 64 * 1024),
                let key = try? PrivateKey(pem: pem)
            {
                return try Provisioner(key: key)
            }
            let key = try PrivateKey.generate(.ecP256)
            try write(layout.authority, name, try key.pkcs8PEM())
            return try Provisioner(key: key)
        } catch {
            throw LabFailure("making the provisioner", error)
        }
    }

    /// Writes a file that others may read.
    func publish(_ path: String, _ text: String, mode: FileMode = 0o644) throws(LabFailure) {
        do throws(SystemError) {
            let parts = path.split(separator: "/")
            let name = String(parts.last ?? "")
            try write("/" + parts.dropLast().joined(separator: "/"), name, Array(text.utf8), mode: mode)
        } catch {
            throw LabFailure("writing the lab's files", error)
        }
    }

    /// What is kept of a hierarchy; nil when any part is missing or damaged, and it is then made anew.
    private func keptHierarchy(_ file: String) -> LabHierarchy? {
        guard let chain = try? File.read("\(layout.authority)/\(file).crt", limit: 64 * 1024),
            let pem = try? File.read("\(layout.authority)/\(file).key", limit: 64 * 1024),
            let certificates = try? Certificate.all(inPEM: chain), certificates.count == 2,
            let key = try? PrivateKey(pem: pem),
            let issuer = CertificateIssuer(certificate: certificates[0], key: key)
        else { return nil }
        return LabHierarchy(root: certificates[1], intermediate: issuer)
    }

    private func write(_ directory: String, _ name: String, _ secret: SecretBytes) throws(SystemError) {
        let bytes = secret.withBytes { span in
            var bytes: [UInt8] = []
            for index in span.indices { bytes.append(span[index]) }
            return bytes
        }
        try write(directory, name, bytes, mode: 0o600)
    }

    private func write(
        _ directory: String, _ name: String, _ bytes: [UInt8], mode: FileMode
    ) throws(SystemError) {
        try AtomicFile.replace(inDirectory: directory, name: name, with: bytes, mode: mode)
    }
}
