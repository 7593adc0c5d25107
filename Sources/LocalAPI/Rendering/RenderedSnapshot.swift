import HTTP
import Lifecycle
import POSIX

/// Keeps what was rendered from the newest snapshot, until there is a newer one.
final class RenderedSnapshot: Sendable {
    enum Part: Hashable, Sendable { case status, certificates, metrics }

    private struct Kept: Sendable {
        // Held on to, so that its identity can't be taken by another one.
        var snapshot: Snapshot?
        var parts: [Part: SharedBytes] = [:]
    }

    private let kept = Lock(Kept())

    /// The bytes of `part`, rendered at the first call for a snapshot.
    func bytes(_ part: Part, of snapshot: Snapshot, render: (Snapshot) -> [UInt8]) -> SharedBytes {
        let found = kept.withLock { $0.snapshot === snapshot ? $0.parts[part] : nil }
        if let found { return found }
        let rendered = SharedBytes(render(snapshot))
        kept.withLock {
            if $0.snapshot !== snapshot { $0 = Kept(snapshot: snapshot) }
            $0.parts[part] = rendered
        }
        return rendered
    }
}
