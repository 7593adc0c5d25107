import POSIX
import Transfer

/// How work that is under way is told to end, in two steps: exchanges with servers are cut off first (what is lost
/// is asked for again with the same key), reload commands later (a service should get the time to finish).
final class StopSignal: Sendable {
    /// For exchanges with servers.
    let exchanges = StopFlag()
    /// For child processes.
    let children: Bell

    init() throws(SystemError) { children = try Bell() }
}
