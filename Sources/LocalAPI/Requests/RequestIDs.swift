import HTTP
import POSIX
import Synchronization

/// Names every answer, so that a client's complaint can be found in the log.
final class RequestIDs: Sendable {
    private let run: UInt32
    /// How the ids of this run begin.
    let runName: String
    private let issued = Atomic<UInt64>(0)

    /// Ids of one run are told from those of another by their beginning.
    init() throws(SystemError) {
        runName = try randomHex(bytes: 4)
        run = UInt32(runName, radix: 16) ?? 0
    }

    func next() -> RequestID {
        RequestID(run: run, number: issued.add(1, ordering: .relaxed).newValue)
    }
}
