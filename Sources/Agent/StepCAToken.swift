/// A token that step-ca takes once: the bootstrap token, or the one with which an expired identity asks for a new one.
/// It goes into a request and nowhere else: it doesn't print, not even when it is dumped.
struct StepCAToken: Sendable, CustomStringConvertible, CustomReflectable {
    /// For the request that spends it.
    let disclosed: String

    init(_ text: String) { disclosed = text }

    var description: String { "<token>" }
    var customMirror: Mirror { Mirror(self, children: []) }
}
