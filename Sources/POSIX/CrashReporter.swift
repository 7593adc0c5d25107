import CPOSIX

/// An optimised program that fails a check dies without a word: this leaves one.
public enum CrashReporter {
    /// From now on SIGILL, SIGTRAP, SIGSEGV, SIGBUS, SIGABRT and SIGFPE leave one line on stderr, beginning with
    /// `program`, before they do what they always do. Once, before threads start.
    public static func install(program: String) throws(SystemError) {
        try system("sigaction") { unsafe cposix_report_crashes(program) }
    }
}
