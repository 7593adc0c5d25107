import PKI
import POSIX

/// Whether a private key that lies in a key file may be ordered for: only if nobody else can have put it there. A key
/// that somebody planted is a key that somebody knows.
enum KeyFileTrust {
    enum Purpose {
        /// A key that an administrator has put there. Nobody but root and the agent's user may have had a say in it, or
        /// read it.
        case adopting
        /// A key that has been in use, by whom it was handed on to.
        case keeping
    }

    /// What the file holds, and why it is not to be trusted, if it isn't: both told by one open file, so that
    /// nobody can show one file to the reader and another to the judge.
    static func read(
        _ path: String, for purpose: Purpose, agent: FileAccess.Account = .current
    ) throws(PathError) -> (contents: SecretBytes, doubt: String?) {
        let location = try SafePath.resolve(path)
        do throws(SystemError) {
            let file = try location.directory.openFile(location.name)
            let (status, directory) = (try file.status(), try location.directory.status())
            let doubt =
                switch purpose {
                case .adopting: whyNotAdopted(status, in: directory, under: location.sway, agent)
                case .keeping: whyNotKept(status, in: directory, under: location.sway, agent)
                }
            var bytes = try file.readToEnd(limit: CertificateFiles.longest)
            return (SecretBytes(wiping: &bytes), doubt)
        } catch {
            throw .system(error)
        }
    }

    private static func whyNotAdopted(
        _ file: FileStatus, in directory: FileStatus, under sway: PathSway, _ agent: FileAccess.Account
    ) -> String? {
        if file.kind != .regular { return "it is not a regular file" }
        if ![0, agent.user].contains(file.owner) { return "it belongs to user \(file.owner)" }
        if file.mode & 0o037 != 0 { return "others may read it or change it" }
        if file.links != 1 { return "it has a second name" }
        switch sway {
        case .anybody(let because), .user(_, _, let because): return because
        case .nobody: return directory.mode & 0o022 != 0 ? "others may write to its directory" : nil
        }
    }

    /// Where others may write, a file can be one that they have moved there: then they must not know what is in it.
    private static func whyNotKept(
        _ file: FileStatus, in directory: FileStatus, under sway: PathSway, _ agent: FileAccess.Account
    ) -> String? {
        guard case .nothing(let because) = FileInheritance.Extent(placed: file, in: directory, under: sway)
        else { return nil }
        guard [0, agent.user].contains(file.owner) else { return because }
        if file.mode & 0o077 == 0 { return nil }
        // Whoever may replace the file by the directory's group may as well read it.
        let isTheirs = sway == .nobody && directory.mode & 0o002 == 0 && file.group == directory.group
        return isTheirs && file.mode & 0o037 == 0 ? nil : because
    }
}
