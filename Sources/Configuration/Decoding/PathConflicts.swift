import YAML

/// A path that the file names, kept until all of them are known.
struct PathClaim {
    enum Use {
        /// Written or removed by the agent.
        case exclusive
        /// Only read; several keys may name the same file.
        case shared
    }

    let path: String
    let use: Use
    let field: Field
}

/// Finds files that would be written over one another. Paths are compared as text after normalisation: links are
/// the installer's business, which sees the file system.
struct PathConflicts {
    private let stateDirectory: String
    private let aboveStateDirectory: [String]
    /// Files of the state directory with fixed names.
    private let reserved: Set<String>
    private var first: [String: PathClaim] = [:]
    /// Known to be nobody's file, and so are those above them.
    private var directories: Set<String> = []

    init(stateDirectory path: String) {
        let stateDirectory = PathText.normalised(path)
        self.stateDirectory = stateDirectory
        aboveStateDirectory = PathText.ancestors(of: stateDirectory)
        reserved = Set(["agent.lock", "enroll.lock", "api.token"].map { "\(stateDirectory)/\($0)" })
    }

    /// Complains about each claim that an earlier one, or the agent itself, has made already.
    mutating func judge(_ claims: [PathClaim]) {
        let ordered = claims.sorted { $0.field.node.start < $1.field.node.start }
            .map { (claim: $0, path: PathText.normalised($0.path)) }
        for (claim, path) in ordered {
            if !isAvailable(path, for: claim) { continue }
            guard let earlier = first[path] else {
                first[path] = claim
                continue
            }
            if claim.use == .shared, earlier.use == .shared { continue }
            claim.field.complain(
                "this is the file of \(earlier.place)", hint: "Give each of the two a file of its own.")
        }
        for (claim, path) in ordered { judgeDirectories(above: path, of: claim) }
    }

    private func isAvailable(_ path: String, for claim: PathClaim) -> Bool {
        let isTokenFile = claim.field.keyPath == "api.token_file"
        if reserved.contains(path), !(isTokenFile && path.hasSuffix("/api.token")) {
            claim.field.complain(
                "this file of the state directory is the agent's own", hint: "Choose another name.")
            return false
        }
        if path == stateDirectory || aboveStateDirectory.contains(path) {
            claim.field.complain(
                "this is a directory: state_dir is \(stateDirectory)", hint: "Write the path of a file.")
            return false
        }
        if claim.use == .exclusive, PathText.name(of: path).hasPrefix(".certplane-") {
            claim.field.complain(
                "names that begin with .certplane- are for files under construction",
                hint: "Choose another name.")
            return false
        }
        return true
    }

    /// A file can't be the directory of another file.
    private mutating func judgeDirectories(above path: String, of claim: PathClaim) {
        let ancestors = PathText.ancestors(of: path)
        // Most often all files of a certificate lie in one directory.
        if let nearest = ancestors.first, directories.contains(nearest) { return }
        for ancestor in ancestors {
            guard let file = first[ancestor] else { continue }
            claim.field.complain(
                "\(ancestor) would be a directory here, but it is the file of \(file.place)",
                hint: "Move one of the two.")
            return
        }
        directories.formUnion(ancestors)
    }
}

extension PathClaim {
    fileprivate var place: String { "\(field.keyPath) in line \(field.node.start.line)" }
}
