import Lifecycle
import POSIX

extension FailureClass {
    /// The kind of a failed call on an output file.
    init(_ error: SystemError) {
        self =
            switch error.errno {
            case .noSpace: .diskFull
            case .permissionDenied, .notPermitted: .permissionDenied
            case .readOnlyFileSystem: .readOnly
            case .tooManyOpenFiles, .fileTableFull: .tooManyOpenFiles
            case .crossesFileSystems: .crossesFileSystems
            case let errno where errno.name == "EDQUOT": .diskFull
            default: .fileSystemError
            }
    }

    init(_ error: PathError) {
        self =
            switch error {
            case .system(let error): FailureClass(error)
            case .unsafe: .unsafePath
            }
    }
}
