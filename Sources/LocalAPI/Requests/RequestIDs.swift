import POSIX
import Synchronization

/// Names every answer, so that a client's complaint can be found in the log.
final class RequestIDs: Sendable {
    let run: String
    private let issued = Atomic<UInt64>(0)

    /// Ids of one run are told from those of another by their beginning.
    init() throws(SystemError) { run = try randomHex(bytes: 4) }

    func next() -> String {
        "\(run)-\(issued.add(1, ordering: .relaxed).newValue)"
    }
}
