import Configuration
import Lifecycle

/// Files that two certificates, or one and the agent itself, have in common by ways that the configuration can't see:
/// through a link, or a directory that is mounted twice. The agent has them, or the certificate that comes first in the
/// configuration; the other would write them over, and be written over, with an order each time.
struct SharedFiles: Sendable {
    /// One file of a certificate that somebody else has.
    struct Clash: Sendable {
        var output: Output
        /// Which file it is, and whose.
        var text: String
    }

    /// A file that no certificate may have.
    struct Reserved: Sendable {
        var path: String
        /// The key of the configuration that names it, or what it is.
        var use: String
    }

    /// By the name of the certificate that comes later.
    private var clashes: [CertificateName: Clash] = [:]

    /// Looks at the directory of every file.
    init(among certificates: [ManagedCertificate], besides reserved: [Reserved] = []) {
        var directories: [String: FileIdentity] = [:]
        var owners: [FilePlace: (name: CertificateName, path: String)] = [:]
        var uses: [FilePlace: Reserved] = [:]
        for file in reserved { uses[FilePlace(file.path, knowing: &directories)] = file }
        for certificate in certificates {
            for output in Output.allCases {
                guard let path = certificate.outputs[output] else { continue }
                let place = FilePlace(path, knowing: &directories)
                if let file = uses[place] {
                    clashes[certificate.name] = Clash(
                        output: output,
                        text: "\(path) is the same file as \(file.path), which is \(file.use)")
                    continue
                }
                guard let owner = owners[place] else {
                    owners[place] = (certificate.name, path)
                    continue
                }
                // Two outputs of one certificate are the installer's to refuse.
                if owner.name == certificate.name || clashes[certificate.name] != nil { continue }
                clashes[certificate.name] = Clash(
                    output: output,
                    text: "\(path) is the same file as \(owner.path), which '\(owner.name)' has")
            }
        }
    }

    subscript(name: CertificateName) -> Clash? { clashes[name] }
}

extension AgentConfiguration {
    /// Files that the agent reads or writes for itself.
    var reservedFiles: [SharedFiles.Reserved] {
        let named: [(String?, String)] = [
            (identity.certificatePath, "identity.cert"), (identity.keyPath, "identity.key"),
            (identity.issuerCABundlePath, "identity.issuer_ca_bundle"),
            (identity.bootstrapTokenPath, "identity.bootstrap_token"),
            (identity.stepCA.trust.bundlePath, "identity.step_ca.root_ca_bundle"),
            (broker.serverCABundlePath, "broker.server_ca_bundle"), (api.socketPath, "api.socket"),
            (api.tokenPath, "api.token_file"), ("\(stateDirectory)/agent.lock", "the running agent's lock"),
            ("\(stateDirectory)/enroll.lock", "the lock of enrolments"),
        ]
        return named.compactMap { path, use in path.map { SharedFiles.Reserved(path: $0, use: use) } }
    }
}
