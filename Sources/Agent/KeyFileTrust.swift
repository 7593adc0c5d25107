import PKI
import POSIX

/// Whether a private key that lies in a key file may be ordered for: only if nobody but the agent's user and
/// root can have put it there or read it. A key that somebody planted is a key that somebody knows.
enum KeyFileTrust {
    /// What the file holds, and why it is not to be trusted, if it isn't: both told by one open file, so that
    /// nobody can show one file to the reader and another to the judge.
    static func read(
        _ path: String, agent: FileAccess.Account = .current
    ) throws -> (contents: SecretBytes, doubt: String?) {
        let location = try SafePath.resolve(path)
        let file = try location.directory.openFile(location.name)
        let doubt = whyNotTrusted(
            try file.status(), in: try location.directory.status(), under: location.sway, agent)
        var bytes = try file.readToEnd(limit: CertificateFiles.longest)
        return (SecretBytes(wiping: &bytes), doubt)
    }

    private static func whyNotTrusted(
        _ file: FileStatus, in directory: FileStatus, under sway: PathSway, _ agent: FileAccess.Account
    ) -> String? {
        let trusted = [0, agent.user]
        if file.kind != .regular { return "it is not a regular file" }
        if !trusted.contains(file.owner) { return "it belongs to user \(file.owner)" }
        if file.mode & 0o037 != 0 { return "others may read it or change it" }
        if file.links != 1 { return "it has a second name" }
        switch sway {
        case .anybody(let because), .user(_, _, let because): return because
        case .nobody: return directory.mode & 0o022 != 0 ? "others may write to its directory" : nil
        }
    }
}
