import Lifecycle
import PKI
import POSIX

/// What one file gave when it was read.
enum FileReading<Content: Sendable>: Sendable {
    case missing
    case unreadable(String)
    case present(Content)

    var content: Content? {
        if case .present(let content) = self { content } else { nil }
    }
}

/// The output files of one certificate, read.
///
/// They are read as they will be written: no path is followed where another user could have bent it, since
/// what is read here may be copied into a rebuilt file, or a key be taken over.
struct CertificateFiles: Sendable {
    var key: FileReading<SecretBytes>
    var cert: FileReading<[UInt8]>
    var chain: FileReading<[UInt8]>
    var fullchain: FileReading<[UInt8]>
    /// `nil` when none is configured.
    var combined: FileReading<SecretBytes>?

    init(
        key: FileReading<SecretBytes>, cert: FileReading<[UInt8]>, chain: FileReading<[UInt8]>,
        fullchain: FileReading<[UInt8]>, combined: FileReading<SecretBytes>? = nil
    ) {
        self.key = key
        self.cert = cert
        self.chain = chain
        self.fullchain = fullchain
        self.combined = combined
    }

    init(reading outputs: OutputPaths) {
        // Most often all of them lie in one directory.
        var paths = SafeNeighbourhood()
        key = Self.read(outputs.key, among: &paths).secretly()
        cert = Self.read(outputs.cert, among: &paths)
        chain = Self.read(outputs.chain, among: &paths)
        fullchain = Self.read(outputs.fullchain, among: &paths)
        if let path = outputs.combined { combined = Self.read(path, among: &paths).secretly() }
    }

    /// A file that holds a private key: what was read is wiped.
    static func readKey(_ path: String) -> FileReading<SecretBytes> {
        var paths = SafeNeighbourhood()
        return read(path, among: &paths).secretly()
    }

    private static func read(_ path: String, among paths: inout SafeNeighbourhood) -> FileReading<[UInt8]> {
        do {
            let location = try paths.resolve(path)
            guard location.existing != nil else { return .missing }
            return .present(try location.directory.openFile(location.name).readToEnd(limit: longest))
        } catch let error as SystemError {
            return error.errno == .notFound ? .missing : .unreadable(error.description)
        } catch PathError.system(let error) where error.errno == .notFound {
            return .missing
        } catch {
            return .unreadable("\(error)")
        }
    }

    static let longest = 1 << 20
}

extension FileReading<[UInt8]> {
    /// The same, with nothing left of it where it was.
    fileprivate consuming func secretly() -> FileReading<SecretBytes> {
        switch consume self {
        case .missing: return .missing
        case .unreadable(let reason): return .unreadable(reason)
        case .present(var bytes): return .present(SecretBytes(wiping: &bytes))
        }
    }
}
