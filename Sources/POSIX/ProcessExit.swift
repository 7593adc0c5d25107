import Glibc

/// The end of this process.
public enum ProcessExit {
    /// Ends the process with `code`, at once and without a word.
    public static func now(_ code: Int32) -> Never { exit(code) }
}
