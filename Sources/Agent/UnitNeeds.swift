import Configuration
import Lifecycle
import POSIX

/// What a configuration needs of the service unit that the agent runs in, beyond the plain rights of its user.
struct UnitNeeds: Equatable, Sendable {
    /// Directories that files are made in, sorted; none lies in another.
    var writable: [String]
    /// Those of them that hold outputs, each of them.
    var outputDirectories: [String]
    /// Whether something lies where users live, or in /tmp.
    var reachesHome = false
    var reachesTemporary = false
    /// Groups that files are given to, sorted.
    var groups: [String]
    /// Whether files are given to another user.
    var givesAway: Bool
    /// Jobs that reload commands ask systemd for, sorted.
    var controls: [ReloadWords.UnitControl]
    /// Names of certificates whose reload command can't work without root's rights, and why.
    var doubts: [Doubt]

    struct Doubt: Hashable, Sendable {
        var certificate: CertificateName
        var doubt: ReloadWords.Doubt
    }

    /// - Parameter account: the user that the unit runs the agent as.
    init(_ settings: AgentConfiguration, account: String) {
        let outputs = settings.certificates.flatMap { certificate in
            Output.allCases.compactMap { certificate.outputs[$0] }
        }
        let identity = settings.identity
        let own =
            [identity.certificatePath, identity.keyPath, settings.api.tokenPath]
            + [identity.bootstrapTokenPath, settings.api.socketPath].compactMap(\.self)
        outputDirectories = Set(outputs.map(Self.directory)).sorted()
        writable = Self.outermost([settings.stateDirectory] + (outputs + own).map(Self.directory))
        let read = [identity.issuerCABundlePath, settings.broker.serverCABundlePath]
        reachesHome = (writable + read).contains { Self.lies($0, in: ["/home", "/root", "/run/user"]) }
        reachesTemporary = (writable + read).contains { Self.lies($0, in: ["/tmp", "/var/tmp"]) }

        let owners = Set(settings.certificates.compactMap(\.ownership.owner)).subtracting([account])
        givesAway = !owners.isEmpty
        groups = Set(settings.certificates.compactMap(\.ownership.group)).subtracting([account]).sorted()
        var controls: Set<ReloadWords.UnitControl> = []
        var doubts: [Doubt] = []
        for certificate in settings.certificates {
            guard let reload = certificate.reload else { continue }
            let words = ReloadWords(reload.command)
            controls.formUnion(words.controls)
            doubts += words.doubts.map { Doubt(certificate: certificate.name, doubt: $0) }
        }
        self.controls = controls.sorted()
        self.doubts = doubts
    }

    /// As systemd names it in a unit: without `.` and `..`, which it takes off without looking for links.
    static func directory(of path: String) -> String {
        var steps: [String] = []
        for step in path.pathNames.dropLast() where step != "." {
            if step == ".." { _ = steps.popLast() } else { steps.append(step) }
        }
        return "/" + steps.joined(separator: "/")
    }

    /// Whether a path is one of these directories, or below one.
    static func lies(_ path: String, in directories: [String]) -> Bool {
        directories.contains { $0 == "/" || path == $0 || path.hasPrefix($0 + "/") }
    }

    /// Whether a directory exists and the account can't make files in it. What can't be known is not judged.
    static func isForeign(_ directory: String, to account: String) -> Bool {
        guard let status = try? File.status(directory), status.kind == .directory,
            let user = try? Accounts.userID(named: account), user != 0, status.owner != user
        else { return false }
        if status.mode & 0o002 != 0 { return false }
        guard let group = try? Accounts.groupID(named: account), group == status.group else { return true }
        // It is listed as well as written.
        return status.mode & 0o070 != 0o070
    }

    private static func outermost(_ directories: [String]) -> [String] {
        var kept: [String] = []
        for directory in Set(directories).sorted() where !lies(directory, in: kept) { kept.append(directory) }
        return kept
    }
}
