/// What to run, and what it may see.
public struct ChildCommand: Sendable {
    /// An absolute path: nothing is searched for.
    public var executable: String
    /// Without the executable's own name.
    public var arguments: [String]
    /// All of the child's environment.
    public var environment: [String: String]
    public var umask: FileMode

    public init(
        executable: String, arguments: [String] = [], environment: [String: String], umask: FileMode = 0o022
    ) {
        self.executable = executable
        self.arguments = arguments
        self.environment = environment
        self.umask = umask
    }
}

/// How long a child may run, how it is ended, and how much of its output is kept.
public struct ChildLimits: Sendable {
    /// A signal to the whole group, and how long to wait for its effect.
    public struct TeardownStep: Sendable {
        public let signal: Signal
        public let grace: Duration

        public init(_ signal: Signal, grace: Duration) {
            self.signal = signal
            self.grace = grace
        }
    }

    /// A point of the boottime clock.
    public var deadline: Duration
    /// What precedes SIGKILL.
    public var teardown: [TeardownStep]
    /// The same when the bell has ended the run: whoever stops can't wait as long.
    public var teardownWhenStopped: [TeardownStep]
    /// Bytes of output kept, from its beginning; the rest is read and dropped.
    public var outputLimit: Int

    public init(
        deadline: Duration, teardown: [TeardownStep] = [TeardownStep(.terminate, grace: .seconds(5))],
        teardownWhenStopped: [TeardownStep] = [TeardownStep(.terminate, grace: .seconds(1))],
        outputLimit: Int = 64 * 1024
    ) {
        self.deadline = deadline
        self.teardown = teardown
        self.teardownWhenStopped = teardownWhenStopped
        self.outputLimit = outputLimit
    }
}

/// What came of a child.
public struct ChildReport: Hashable, Sendable {
    public enum End: Hashable, Sendable {
        case exited(Int32)
        case signalled(Signal)
        /// It was running at the deadline, and was ended.
        case timedOut
        /// The stop bell rang, and it was ended.
        case stopped
    }

    public let end: End
    /// What it and its descendants wrote on stdout and stderr, in order, while it ran.
    public let output: [UInt8]
    public let outputWasCut: Bool
    public let duration: Duration
}
