import POSIX

/// Whether a private key that lies in a key file may be ordered for: only if nobody but the agent's user and
/// root can have put it there or read it. A key that somebody planted is a key that somebody knows.
enum KeyFileTrust {
    static func whyNotTrusted(_ path: String, agent: FileAccess.Account = .current) -> String? {
        do {
            let location = try SafePath.resolve(path)
            guard let file = location.existing else { return "it has gone" }
            let directory = try location.directory.status()
            let trusted = [0, agent.user]
            if !trusted.contains(file.owner) { return "it belongs to user \(file.owner)" }
            if file.mode & 0o037 != 0 { return "others may read it or change it" }
            if file.links != 1 { return "it has a second name" }
            if !trusted.contains(directory.owner) {
                return "its directory belongs to user \(directory.owner)"
            }
            if directory.mode & 0o022 != 0 { return "others may write to its directory" }
            return nil
        } catch {
            return "\(error)"
        }
    }
}
