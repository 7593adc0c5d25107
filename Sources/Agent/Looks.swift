import Lifecycle
import POSIX

/// Looks at the files of many certificates on a few workers, a slice at a time: the engine hears of each slice and goes
/// on meanwhile.
final class Looks: Sendable {
    private struct Desk: Sendable {
        /// The next ones last.
        var waiting: [ManagedCertificate] = []
        /// Whose looks are under way or not told of yet. The next look at one of them waits: the engine believes the last
        /// that it hears of, and it may be the first one that takes longer.
        var busy: Set<CertificateName> = []
        var lanes = 0
        var isClosed = false
    }

    /// Looks read, decode and verify: more at once than there are processors gain nothing.
    static let lanes = min(max(ProcessFacts.processorCount, 2), 4)
    private static let slice = 32

    private let desk = Lock(Desk())

    /// Puts certificates behind those that wait. The answer says for how many workers there is work to `run`.
    func put(_ certificates: [ManagedCertificate]) -> Int {
        desk.withLock { desk in
            if desk.isClosed { return 0 }
            desk.waiting.insert(contentsOf: certificates.reversed(), at: 0)
            let slices = (desk.waiting.count + Self.slice - 1) / Self.slice
            let more = max(0, min(slices, Self.lanes) - desk.lanes)
            desk.lanes += more
            return more
        }
    }

    /// Looks at what waits until nothing does, and tells of each slice. Blocks.
    func run(_ look: (ManagedCertificate) -> FoundCertificate, told: ([Input]) -> Void) {
        var slice: [ManagedCertificate] = []
        while true {
            guard let next = takeSlice(after: slice) else { return }
            slice = next
            var inputs: [Input] = []
            for certificate in slice {
                if desk.withLock({ $0.isClosed }) { break }
                inputs.append(.looked(certificate.name, look(certificate)))
            }
            told(inputs)
        }
    }

    /// What waits is looked at no more.
    func close() {
        desk.withLock { desk in
            desk.isClosed = true
            desk.waiting = []
        }
    }

    /// A lane that could not begin after all.
    func giveUpLane() { desk.withLock { $0.lanes -= 1 } }

    /// Nil when nothing waits but what another lane will come back for.
    private func takeSlice(after told: [ManagedCertificate]) -> [ManagedCertificate]? {
        desk.withLock { desk in
            for certificate in told { desk.busy.remove(certificate.name) }
            var slice: [ManagedCertificate] = []
            var held: [ManagedCertificate] = []
            while slice.count < Self.slice, let next = desk.waiting.popLast() {
                if desk.busy.insert(next.name).inserted { slice.append(next) } else { held.append(next) }
            }
            desk.waiting += held.reversed()
            if !slice.isEmpty { return slice }
            desk.lanes -= 1
            return nil
        }
    }
}
