import Lifecycle
import PKI

/// A file that an install writes: where, with what in it, and for whom.
struct OutputFile: Sendable {
    let path: String
    let contents: FileContents
    let access: FileAccess.Configured

    init(path: String, contents: FileContents, access: FileAccess.Configured = FileAccess.Configured()) {
        self.path = path
        self.contents = contents
        self.access = access
    }

    var secrecy: FileAccess.Secrecy { contents.isSecret ? .secret : .open }
}
