import Lifecycle
import POSIX

/// Where the renewals of a snapshot are found by their ids. It is made in steps, by whoever needs it first.
final class RenewalIndex: Sendable {
    private struct Places: Sendable {
        var known: [RenewalID: Int] = [:]
        /// Of the snapshot's renewals so many are known.
        var done = 0
    }

    let snapshot: Snapshot
    private let places = Lock(Places())

    init(_ snapshot: Snapshot) { self.snapshot = snapshot }

    /// Does a part of the work; true once all of it is done.
    func advance() -> Bool {
        places.withLock { places in
            if places.done == 0 { places.known.reserveCapacity(snapshot.renewals.count) }
            let end = min(places.done + SliceLimits.items, snapshot.renewals.count)
            // By index: a loop over the values would copy each of them whole.
            for index in places.done..<end {
                places.known[snapshot.renewals[index].id] = index
                for id in snapshot.renewals[index].joined { places.known[id] = index }
            }
            places.done = end
            return end == snapshot.renewals.count
        }
    }

    /// Nil also for one that is not known yet.
    func record(_ id: RenewalID) -> RenewalRecord? {
        places.withLock { $0.known[id] }.map { snapshot.renewals[$0] }
    }
}
