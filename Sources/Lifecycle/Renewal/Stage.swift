/// A step of a renewal; the same word in logs, metrics and JSON.
public enum Stage: String, Hashable, Sendable, CaseIterable, Codable {
    case key, csr, order, checks, install, reload, verify

    /// Whether a renewal reads or changes the files of its certificate in it.
    var isAtFiles: Bool { self == .checks || self == .install }
}
