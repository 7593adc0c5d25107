import Log
import POSIX

/// The file with the bearer token for changes, made when it is missing and read at every change that is asked for,
/// so that a new token counts at once.
final class TokenFile: Sendable {
    enum Content: Sendable {
        case usable(BearerToken)
        /// It was told in the log why.
        case unusable
    }

    private static let largest = 1024

    private let place: Lock<String>
    private let log: Logger
    /// What the log was told last.
    private let told = Lock<String?>(nil)

    init(path: String, log: Logger) {
        place = Lock(path)
        self.log = log
    }

    private var path: String { place.withLock { $0 } }

    /// From now on it is another file, made when it is missing.
    func move(to path: String) {
        place.withLock { $0 = path }
        told.withLock { $0 = nil }
        _ = read()
    }

    func read() -> Content {
        do {
            let token = try load(path)
            tell(nil)
            return .usable(token)
        } catch let problem as TokenFileProblem {
            tell(problem.description)
        } catch {
            tell("\(error)")
        }
        return .unusable
    }

    private func load(_ path: String) throws -> BearerToken {
        let (parent, name) = path.splitAtLastSlash ?? (".", path)
        let directory = try Directory.open(parent.isEmpty ? "/" : parent)
        if try directory.status(name) == nil { try make(name, in: directory) }
        // A symbolic link is not followed: where it leads is another's choice.
        let file = try directory.openFile(name)
        try check(file.status())
        guard let token = BearerToken(content: try file.readToEnd(limit: Self.largest)) else {
            throw TokenFileProblem.noToken
        }
        return token
    }

    private func check(_ status: FileStatus) throws(TokenFileProblem) {
        guard status.kind == .regular else { throw .notAFile }
        guard status.owner == 0 || status.owner == ProcessFacts.userID else {
            throw .foreignOwner(status.owner)
        }
        guard status.links == 1 else { throw .linked }
        // The group may be let in to read, by whoever manages the file; others may not.
        guard status.mode & 0o027 == 0 else { throw .tooOpen(status.mode) }
    }

    /// Makes the file under its name in one step, complete and closed to others from its first instant, unless
    /// somebody else was faster.
    private func make(_ name: String, in directory: borrowing Directory) throws(SystemError) {
        let staged = try StagedFile.create(in: directory, replacing: name, mode: 0o600)
        try staged.write(Array("\(randomHex(bytes: 32))\n".utf8))
        try staged.synchronize()
        do {
            try staged.directory.link(staged.name, to: name)
        } catch {
            if error.errno == .exists { return }
            throw error
        }
        try directory.synchronize()
        log.info("api token made", ["path": .string(path)])
    }

    /// Each state of the file is told once.
    private func tell(_ problem: String?) {
        let isNews = told.withLock { told in
            defer { told = problem }
            return told != problem
        }
        guard isNews else { return }
        guard let problem else {
            return log.info("api token file is in order again", ["path": .string(path)])
        }
        log.error(
            "api token file can't be used: changes over TCP are refused",
            ["path": .string(path), "error": .string(problem)])
    }
}

/// Why a token file is not trusted.
enum TokenFileProblem: Error, CustomStringConvertible {
    case notAFile
    case foreignOwner(UserID)
    case linked
    case tooOpen(FileMode)
    case noToken

    var description: String {
        switch self {
        case .notAFile: "it is not a regular file"
        case .foreignOwner(let user):
            "it belongs to user \(user): give it to root or to the agent's user, then write a new token"
        case .linked: "it has a second name: remove it, and the agent makes a new one"
        case .tooOpen(let mode):
            "its mode \(String(mode, radix: 8)) lets others at it: remove it, and the agent makes a new one"
        case .noToken:
            "it holds no token of at least \(BearerToken.shortest) letters, digits or -._~+/=: remove it, and "
                + "the agent makes a new one"
        }
    }
}
