import Lifecycle
import POSIX

/// Why a set of files was not installed, and in which condition that left the set.
struct InstallFault: Error, Sendable, CustomStringConvertible {
    enum Cause: Sendable, CustomStringConvertible {
        case path(PathError)
        case unknownUser(String)
        case unknownGroup(String)

        var description: String {
            switch self {
            case .path(let error): error.description
            case .unknownUser(let name): "there is no user \(Excerpt(name))"
            case .unknownGroup(let name): "there is no group \(Excerpt(name))"
            }
        }
    }

    /// The set after the fault.
    enum Remainder: Sendable {
        /// As it was: nothing was renamed, or all of it was put back.
        case old
        /// The old one was put back, but the journal still says otherwise: its recovery will finish the install.
        case undecided(InstallJournal.Entry?)
        /// Some files are new and these could not be put back.
        /// Recovery of the journal's entry is what is left to try.
        case mixed(paths: [String], InstallJournal.Entry?)
    }

    let cause: Cause
    let remainder: Remainder

    init(_ cause: Cause, remainder: Remainder = .old) {
        self.cause = cause
        self.remainder = remainder
    }

    init(_ error: SystemError, remainder: Remainder = .old) {
        self.init(.path(.system(error)), remainder: remainder)
    }

    var description: String {
        switch remainder {
        case .old: cause.description
        case .undecided:
            "\(cause); the old files were put back, but the journal could not be closed"
        case .mixed(let paths, _):
            "\(cause); these files are new and could not be put back: \(paths.joined(separator: ", "))"
        }
    }

    /// The fault as the end of a renewal.
    var failure: RenewalFailure {
        RenewalFailure(stage: .install, failureClass, detail: description)
    }

    private var failureClass: FailureClass {
        if case .mixed = remainder { return .installStuck }
        return switch cause {
        case .path(let error): FailureClass(error)
        case .unknownUser, .unknownGroup: .unknownAccount
        }
    }
}
