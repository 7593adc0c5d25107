/// A step of a renewal; the same word in logs, metrics and JSON.
public enum Stage: String, Hashable, Sendable, CaseIterable, Codable {
    case key, csr, order, checks, install, reload, verify
}
