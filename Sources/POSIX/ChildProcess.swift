import CPOSIX
import Glibc

/// A running child: leader of its own session and process group, its stdout and stderr in one pipe. It stays on the
/// process table until it is reaped, so that its number, and its group's, can't pass to a stranger meanwhile.
struct ChildProcess: ~Copyable {
    /// Readable when the process has ended.
    let ended: FileDescriptor
    let output: FileDescriptor
    private let number: pid_t
    private var isReaped = false

    private init(ended: consuming FileDescriptor, output: consuming FileDescriptor, number: pid_t) {
        self.ended = ended
        self.output = output
        self.number = number
    }

    static func start(_ command: ChildCommand) throws(SystemError) -> ChildProcess {
        let environment = command.environment.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        let arguments = [command.executable] + command.arguments
        for text in arguments + environment { try requireNoZero(text, "execve") }

        var readEnd: Int32 = -1
        var writeEnd: Int32 = -1
        try system("pipe") { unsafe cposix_pipe(&readEnd, &writeEnd) }
        let output = FileDescriptor(owning: readEnd)
        let childEnd = FileDescriptor(owning: writeEnd)
        try output.setBlocking(false)

        let (argumentVector, environmentVector) = (CStrings(arguments), CStrings(environment))
        let number = try system("execve", command.executable) {
            unsafe cposix_spawn(
                command.executable, argumentVector.pointers, environmentVector.pointers, childEnd.rawValue,
                command.umask)
        }
        return ChildProcess(ended: try descriptor(of: number), output: output, number: number)
    }

    private static func descriptor(of child: pid_t) throws(SystemError) -> FileDescriptor {
        do {
            return FileDescriptor(owning: try system("pidfd_open") { cposix_process_descriptor(child) })
        } catch {
            _ = Glibc.kill(-child, SIGKILL)
            var end = cposix_end()
            _ = attempt { unsafe cposix_reap(child, &end) }
            throw error
        }
    }

    deinit {
        if isReaped { return }
        signalGroup(.kill)
        var end = cposix_end()
        _ = attempt { unsafe cposix_reap(number, &end) }
    }

    /// To the leader and all who are still in its group. That nobody is there is no failure.
    func signalGroup(_ signal: Signal) {
        _ = Glibc.kill(-number, signal.rawValue)
    }

    /// Waits for the leader's end and says what it was.
    consuming func reap() throws(SystemError) -> ChildReport.End {
        var end = cposix_end()
        let number = number
        try system("waitpid") { unsafe cposix_reap(number, &end) }
        isReaped = true
        return end.was_signalled ? .signalled(Signal(rawValue: end.status)) : .exited(end.status)
    }
}

/// A vector of C strings for `execve`, ended by NULL.
@safe private final class CStrings {
    let pointers: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
    private let count: Int

    init(_ strings: [String]) {
        count = strings.count
        unsafe pointers = .allocate(capacity: count + 1)
        for (index, string) in strings.enumerated() {
            unsafe (pointers + index).initialize(to: strdup(string))
        }
        unsafe (pointers + count).initialize(to: nil)
    }

    deinit {
        for index in 0..<count { unsafe free(pointers[index]) }
        unsafe pointers.deallocate()
    }
}
