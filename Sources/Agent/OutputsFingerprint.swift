import Lifecycle
import POSIX

/// The output files of one certificate as `stat` told them: while these stay the same, so does what is in the files.
struct OutputsFingerprint: Equatable, Sendable {
    /// Any change of a file's content changes one of these; `changed` can't be set back by a program.
    struct File: Equatable, Sendable {
        var device: UInt64
        var inode: UInt64
        var size: Int64
        /// Nanoseconds since 1970, as for `changed`.
        var modified: Int64
        var changed: Int64
    }

    private var key: File?
    private var cert: File?
    private var chain: File?
    private var fullchain: File?
    private var combined: File?
    /// Those that are configured: one that was not asked for by then has not been seen to be missing.
    private(set) var missing: Set<Output> = []
    /// No file of which nothing could be learnt, not even that it is missing.
    private(set) var isComplete = true

    init() {}

    init(of outputs: OutputPaths) {
        for output in Output.allCases {
            guard let path = outputs[output] else { continue }
            do {
                self[output] = try POSIX.File.status(path).map(File.init)
                if self[output] == nil { missing.insert(output) }
            } catch {
                isComplete = false
            }
        }
    }

    /// Nil for one that is missing, or not configured.
    subscript(output: Output) -> File? {
        get {
            switch output {
            case .key: key
            case .cert: cert
            case .chain: chain
            case .fullchain: fullchain
            case .combined: combined
            }
        }
        set {
            switch output {
            case .key: key = newValue
            case .cert: cert = newValue
            case .chain: chain = newValue
            case .fullchain: fullchain = newValue
            case .combined: combined = newValue
            }
        }
    }

    /// When the youngest of the files was last changed, in nanoseconds since 1970.
    var newestChange: Int64 {
        Output.allCases.reduce(.min) { newest, output in
            self[output].map { max(newest, $0.changed, $0.modified) } ?? newest
        }
    }
}

extension OutputsFingerprint.File {
    init(_ status: FileStatus) {
        self.init(
            device: status.device, inode: status.inode, size: status.size, modified: status.modified,
            changed: status.changed)
    }
}
