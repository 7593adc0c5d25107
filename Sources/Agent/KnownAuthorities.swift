import PKI
import POSIX

/// The intermediates that certificates of this host were found with. They are few, and reading one takes as long as
/// reading a leaf.
final class KnownAuthorities: Sendable {
    static let shared = KnownAuthorities()

    private static let most = 16

    private let known = Lock<[Certificate]>([])

    var all: [Certificate] { known.withLock { $0 } }

    func note(_ chain: [Certificate]) {
        known.withLock { known in
            for authority in chain where authority.isCA && !known.contains(authority) {
                if known.count == Self.most { known.removeFirst() }
                known.append(authority)
            }
        }
    }
}
