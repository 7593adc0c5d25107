import CPOSIX
import Glibc

/// The state of one resolution: the directory reached, and the names still to go.
struct PathWalk: ~Copyable {
    /// As many as the kernel follows in one path.
    private static let mostLinks = 40

    private let missingParents: SafePath.MissingParents
    private let user = geteuid()
    private var reached: FileDescriptor
    /// The names that led to `reached`, none of them a link.
    private var trail: [String] = []
    /// Names to go, the next one last.
    private var ahead: [String] = []
    private var linksFollowed = 0
    /// The first directory of the walk that others control, and how.
    private var stranger: (component: String, why: String)?
    private var sway = PathSway.nobody
    /// The directory reached before a step is made from it; none at the root.
    private var last: PathSway.Step?

    private init(reached: consuming FileDescriptor, missingParents: SafePath.MissingParents) {
        self.reached = reached
        self.missingParents = missingParents
    }

    static func fromRoot(missingParents: SafePath.MissingParents) throws(PathError) -> PathWalk {
        var walk = PathWalk(reached: try openRoot(), missingParents: missingParents)
        try walk.noteTrust()
        return walk
    }

    /// Puts the components of a path, or of a link's text, before those still to go.
    mutating func prepend(_ path: String) {
        ahead += path.pathNames.reversed()
    }

    /// Walks to the last component and looks at it.
    consuming func finish() throws(PathError) -> SafeLocation {
        while let name = ahead.popLast() {
            if name == "." { continue }
            if name == ".." {
                try goUp()
                continue
            }
            let location = try locate(name)
            guard let location else {
                if ahead.isEmpty {
                    return try SafeLocation(directory: openReached(), name: name, existing: nil, sway: sway)
                }
                try make(name)
                continue
            }
            let found = try PathWalk.status(location)
            switch found.kind {
            case .symbolicLink: try follow(location, name, found)
            case .directory where !ahead.isEmpty:
                reached = location
                trail.append(name)
                try noteTrust()
            case .regular where ahead.isEmpty:
                return try SafeLocation(directory: openReached(), name: name, existing: found, sway: sway)
            case .directory: throw .system(SystemError("open", path(of: name), .isADirectory))
            default:
                if ahead.isEmpty { throw .unsafe(component: path(of: name), why: "is not a regular file") }
                throw .system(SystemError("open", path(of: name), .notADirectory))
            }
        }
        throw .system(SystemError("open", path(), .isADirectory))
    }

    private mutating func follow(
        _ link: borrowing FileDescriptor, _ name: String, _ found: FileStatus
    ) throws(PathError) {
        let here = path(of: name)
        linksFollowed += 1
        if linksFollowed > Self.mostLinks { throw .system(SystemError("open", here, .tooManyLinks)) }
        if let stranger {
            throw .unsafe(
                component: here, why: "is a symbolic link below \(stranger.component), which \(stranger.why)")
        }
        if found.owner != 0, found.owner != user {
            throw .unsafe(component: here, why: "is a symbolic link that belongs to user \(found.owner)")
        }
        if found.links != 1 { throw .unsafe(component: here, why: "is a symbolic link with a second name") }
        let target = try PathWalk.text(of: link, here)
        if target.utf8.first == UInt8(ascii: "/") {
            reached = try PathWalk.openRoot()
            trail = []
            // What lies in the root is no entry of the link's directory.
            last = nil
        }
        prepend(target)
    }

    private mutating func goUp() throws(PathError) {
        guard !trail.isEmpty else { return }
        reached = try PathWalk.opening(path()) { unsafe cposix_open_location(reached.rawValue, "..") }
        trail.removeLast()
        try noteTrust()
    }

    private mutating func make(_ name: String) throws(PathError) {
        guard case .make(let mode) = missingParents else {
            throw .system(SystemError("open", path(of: name), .notFound))
        }
        do {
            let parent = try openReachedDirectory()
            let made = try parent.makeDirectory(name, mode: mode)
            try parent.synchronize()
            reached = made.descriptor
        } catch {
            throw .system(error)
        }
        trail.append(name)
        // Like any other: it may not be what was made.
        try noteTrust()
    }

    private mutating func noteTrust() throws(PathError) {
        let step = PathSway.Step(path: path(), status: try PathWalk.status(reached))
        sway = sway.over(step, from: last, user: user)
        last = step
        if stranger != nil { return }
        if step.status.owner != 0, step.status.owner != user {
            stranger = (step.path, "belongs to user \(step.status.owner)")
        } else if step.isOpen, !step.isSticky {
            stranger = (step.path, "is writable by others")
        }
    }

    /// Names an entry without opening it; nil if there is none. Directories are the rule and cost one call.
    private func locate(_ name: String) throws(PathError) -> FileDescriptor? {
        let directory = reached.rawValue
        var answer = attempt { unsafe cposix_open_directory_location(directory, name) }
        if answer == .failure(.notADirectory) {
            answer = attempt { unsafe cposix_open_location(directory, name) }
        }
        switch answer {
        case .success(let descriptor): return FileDescriptor(owning: descriptor, path: path(of: name))
        case .failure(.notFound): return nil
        case .failure(let errno): throw .system(SystemError("open", path(of: name), errno))
        }
    }

    private func openReached() throws(PathError) -> Directory {
        do {
            return try openReachedDirectory()
        } catch {
            throw .system(error)
        }
    }

    private func openReachedDirectory() throws(SystemError) -> Directory {
        let (here, directory) = (path(), reached.rawValue)
        let descriptor = try system("open", here) {
            unsafe cposix_open_at(directory, ".", O_RDONLY | O_DIRECTORY, 0)
        }
        return Directory(owning: FileDescriptor(owning: descriptor, path: here), path: here)
    }

    private func path() -> String { "/" + trail.joined(separator: "/") }

    private func path(of name: String) -> String { trail.isEmpty ? "/" + name : "\(path())/\(name)" }

    private static func openRoot() throws(PathError) -> FileDescriptor {
        try opening("/") { unsafe cposix_open_location(AT_FDCWD, "/") }
    }

    private static func opening(_ path: String, _ call: () -> Int32) throws(PathError) -> FileDescriptor {
        do {
            return FileDescriptor(owning: try system("open", path, call), path: path)
        } catch {
            throw .system(error)
        }
    }

    private static func status(_ descriptor: borrowing FileDescriptor) throws(PathError) -> FileStatus {
        do {
            return try descriptor.status()
        } catch {
            throw .system(error)
        }
    }

    private static func text(of link: borrowing FileDescriptor, _ path: String) throws(PathError) -> String {
        let longest = 4096
        var buffer = [UInt8](repeating: 0, count: longest)
        let raw = link.rawValue
        do {
            let count = try system("readlink", path) { unsafe cposix_link_text(raw, &buffer, longest) }
            buffer.removeSubrange(count...)
        } catch {
            throw .system(error)
        }
        guard let text = String(validating: buffer, as: UTF8.self) else {
            throw .unsafe(component: path, why: "is a symbolic link whose text isn't UTF-8")
        }
        return text
    }
}
