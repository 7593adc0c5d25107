/// Who, besides root and this process's user, could have had a walk end in a directory of his choice: whoever may put
/// another one in its place, or in that of one above it, and who owns it.
///
/// What lies in the directory is evidence of those hands only.
public enum PathSway: Hashable, Sendable {
    case nobody
    /// One user alone. `isShared`: others may have exchanged directories of his for one another, but not for their own.
    case user(UserID, isShared: Bool, because: String)
    case anybody(because: String)
}

extension PathSway {
    /// A directory of a walk.
    struct Step {
        let path: String
        let status: FileStatus

        var isOpen: Bool { status.mode & 0o022 != 0 }
        var isSticky: Bool { status.mode & 0o1000 != 0 }
    }

    /// The sway over `next`, which was walked to from `last`; its own mode doesn't count yet.
    func over(_ next: Step, from last: Step?, user process: UserID) -> PathSway {
        var sway = self
        if let last, last.isOpen, !last.isSticky { sway = sway.shared(by: last) }
        let owner = next.status.owner
        if owner == 0 || owner == process { return sway }
        let because = "\(next.path) belongs to user \(owner)"
        switch sway {
        case .anybody: return sway
        case .user(owner, _, _): return sway
        case .user: return .anybody(because: because)
        case .nobody:
            // With a sticky bit others can't exchange what is there, but whoever comes first makes what isn't.
            if let last, last.isOpen {
                return .anybody(because: "\(because), and anybody may have made it in \(last.path)")
            }
            return .user(owner, isShared: false, because: because)
        }
    }

    private func shared(by step: Step) -> PathSway {
        let because = "\(step.path) is writable by others"
        return switch self {
        case .nobody: .anybody(because: because)
        case .user(let user, _, _): .user(user, isShared: true, because: because)
        case .anybody: self
        }
    }
}
