/// Whose files an install changes.
enum InstallSubject: Hashable, Sendable {
    case certificate(String)
    /// The machine's identity. A certificate may have that name too, and is another.
    case identity
    /// Of an entry that can't be read.
    case unknown

    /// For messages.
    var text: String {
        switch self {
        case .certificate(let name): name
        case .identity: "identity"
        case .unknown: "unknown"
        }
    }
}
