import Glibc
import POSIX

/// Starts processes that the tests go on talking to.
enum Spawn {
    /// Starts `command`, whose first word is an absolute path, as the leader of a new process group.
    static func start(
        _ command: [String], _ environment: [String: String], output: SharedDescriptor
    ) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, output.owner.rawValue, 1)
        posix_spawn_file_actions_adddup2(&actions, output.owner.rawValue, 2)

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        var all = sigset_t()
        sigemptyset(&none)
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

        let arguments = command.map { strdup($0) }
        let variables = environment.map { strdup("\($0.key)=\($0.value)") }
        defer { (arguments + variables).forEach { free($0) } }
        var pid: pid_t = 0
        let failure = posix_spawn(
            &pid, command[0], &actions, &attributes, arguments + [nil], variables + [nil])
        guard failure == 0 else { throw SystemError("posix_spawn", command[0], Errno(rawValue: failure)) }
        return pid
    }
}

/// A descriptor that several may hold.
final class SharedDescriptor: Sendable {
    let owner: FileDescriptor

    init(owning number: Int32) { owner = FileDescriptor(owning: number) }
}

/// Both ends of a pipe; children inherit neither.
struct Pipe {
    let reading: SharedDescriptor
    let writing: SharedDescriptor

    init() throws {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw Shortcoming("no pipe could be made") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        (reading, writing) = (SharedDescriptor(owning: ends[0]), SharedDescriptor(owning: ends[1]))
    }
}

enum Pause {
    /// Between two looks at a condition.
    static func short() { usleep(20_000) }

    static func milliseconds(_ count: Int) { usleep(UInt32(count) * 1000) }
}
