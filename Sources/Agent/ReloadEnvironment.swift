import FoundationEssentials
import Lifecycle
import Notation

/// What a reload command may know: the agent's own environment without what belongs to the agent alone, and
/// which certificates changed.
struct ReloadEnvironment: Sendable {
    private let inherited: [String: String]

    /// Takes the agent's environment and keeps what a child may have of it.
    init(inheriting environment: [String: String]) {
        var kept = environment.filter { !Self.belongsToAgent($0.key) }
        if kept["PATH", default: ""].isEmpty { kept["PATH"] = Self.defaultPath }
        inherited = kept
    }

    /// For a run on behalf of one certificate.
    func variables(for subject: ReloadSubject) -> [String: String] {
        let certificate = subject.wanted
        var own = [
            "CERTPLANE_CERTIFICATE": certificate.name.text,
            "CERTPLANE_PROFILE": certificate.profile,
            "CERTPLANE_KEY_PATH": certificate.outputs.key,
            "CERTPLANE_CERT_PATH": certificate.outputs.cert,
            "CERTPLANE_CHAIN_PATH": certificate.outputs.chain,
            "CERTPLANE_FULLCHAIN_PATH": certificate.outputs.fullchain,
        ]
        own["CERTPLANE_COMBINED_PATH"] = certificate.outputs.combined
        if let installed = subject.installed {
            own["CERTPLANE_SERIAL"] = installed.serial
            own["CERTPLANE_NOT_AFTER"] = installed.notAfter.rfc3339
        }
        return inherited.merging(own) { $1 }
    }

    /// For one run on behalf of several certificates: their names as a JSON list. A list too long for one
    /// variable (the kernel takes 128 KiB) is left out, and the command runs without it.
    func variables(forAll names: [CertificateName]) -> [String: String] {
        var variables = inherited
        if let list = Self.json(names.sorted().map(\.text)), list.utf8.count <= Self.longestList {
            variables["CERTPLANE_CERTIFICATES"] = list
        }
        return variables
    }

    private static let defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    private static let longestList = 120 << 10

    /// What systemd tells the agent is nobody else's: a child that spoke for the agent's watchdog, took its
    /// sockets or read its credentials would break it. `CERTPLANE_` is ours to set.
    private static func belongsToAgent(_ name: String) -> Bool {
        name == "NOTIFY_SOCKET" || name == "CREDENTIALS_DIRECTORY"
            || ["WATCHDOG_", "LISTEN_", "CERTPLANE_"].contains(where: name.hasPrefix)
    }

    private static func json(_ names: [String]) -> String? {
        // A list of strings always encodes; were it otherwise, the command could do without.
        return (try? JSON.encode(names)).map { String(decoding: $0, as: UTF8.self) }
    }
}
