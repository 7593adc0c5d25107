import Glibc

/// A call of the system that failed, on what, and why.
public struct SystemError: Error, Hashable, Sendable {
    /// The call, in the manual's words: `open`, `rename`, `getpwnam`.
    public let operation: String
    public let path: String?
    public let errno: Errno

    public init(_ operation: String, _ path: String? = nil, _ errno: Errno) {
        self.operation = operation
        self.path = path
        self.errno = errno
    }
}

extension SystemError: CustomStringConvertible {
    /// `open /etc/x: Permission denied (EACCES)`
    public var description: String {
        guard let path else { return "\(operation): \(errno)" }
        return "\(operation) \(path): \(errno)"
    }
}

/// Makes a call that answers -1 on failure, again for as long as a signal interrupts it.
@discardableResult
func system<Answer: SignedInteger>(
    _ operation: String, _ path: @autoclosure () -> String? = nil, _ call: () -> Answer
) throws(SystemError) -> Answer {
    while true {
        let answer = call()
        if answer != -1 { return answer }
        let errno = Errno.last
        if errno != .interrupted { throw SystemError(operation, path(), errno) }
    }
}

/// The same for calls whose failures are part of their meaning.
func attempt<Answer: SignedInteger>(_ call: () -> Answer) -> Result<Answer, Errno> {
    while true {
        let answer = call()
        if answer != -1 { return .success(answer) }
        let errno = Errno.last
        if errno != .interrupted { return .failure(errno) }
    }
}

/// Refuses what C would cut short at its zero byte.
func requireNoZero(_ text: String, _ operation: String) throws(SystemError) {
    if text.utf8.contains(0) { throw SystemError(operation, text, .invalid) }
}
