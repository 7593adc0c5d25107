/// Keys that are part of the format but have no effect yet. A valid value is refused rather than ignored: an
/// operator who sets one relies on it. Delete a line here when its behaviour arrives.
enum NotSupportedYet {
    private static let keyPaths: Set<String> = [
    ]

    /// Whether the key at this path is one of them, whichever item of a list it stands in.
    static func contains(_ keyPath: String) -> Bool {
        keyPaths.contains(keyPath.filter { !$0.isNumber })
    }
}
