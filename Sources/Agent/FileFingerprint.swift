import POSIX

/// A file as `stat` told it: two equal fingerprints are a file that has not changed in between.
enum FileFingerprint: Equatable, Sendable {
    case missing
    case unknown(SystemError)
    case file(FileStatus)

    init(of path: String) {
        do {
            self = try File.status(path).map(Self.file) ?? .missing
        } catch {
            self = .unknown(error)
        }
    }
}
