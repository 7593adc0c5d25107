import Lifecycle

/// Files that two certificates have in common by ways that the configuration can't see: through a link, or a directory that
/// is mounted twice. The one that comes first in the configuration has them; the other would write them over, and be
/// written over, with an order each time.
struct SharedFiles: Sendable {
    /// One file of a certificate that an earlier one has.
    struct Clash: Sendable {
        var output: Output
        var path: String
        var first: CertificateName
        var firstPath: String

        var text: String { "\(path) is the same file as \(firstPath), which '\(first)' has" }
    }

    /// By the name of the certificate that comes later.
    private var clashes: [CertificateName: Clash] = [:]

    /// Looks at the directory of every file.
    init(among certificates: [ManagedCertificate]) {
        var directories: [String: FileIdentity] = [:]
        var owners: [FilePlace: (name: CertificateName, path: String)] = [:]
        for certificate in certificates {
            for output in Output.allCases {
                guard let path = certificate.outputs[output] else { continue }
                let place = FilePlace(path, knowing: &directories)
                guard let owner = owners[place] else {
                    owners[place] = (certificate.name, path)
                    continue
                }
                // Two outputs of one certificate are the installer's to refuse.
                if owner.name == certificate.name || clashes[certificate.name] != nil { continue }
                clashes[certificate.name] = Clash(
                    output: output, path: path, first: owner.name, firstPath: owner.path)
            }
        }
    }

    subscript(name: CertificateName) -> Clash? { clashes[name] }
}
