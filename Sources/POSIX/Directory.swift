import CPOSIX
import Glibc

/// An open directory. Names in it are resolved here and nowhere else: a name is one component, never a path, and a
/// symbolic link is never followed.
public struct Directory: ~Copyable, Sendable {
    /// Open for reading, so that it can be listed and synchronized.
    public let descriptor: FileDescriptor
    /// What it was opened as, for messages: it may have been moved since.
    public let path: String

    public init(owning descriptor: consuming FileDescriptor, path: String) {
        self.descriptor = descriptor
        self.path = path
    }

    /// Opens a directory, by following symbolic links.
    public static func open(_ path: String) throws(SystemError) -> Directory {
        try requireNoZero(path, "open")
        let descriptor = try system("open", path) {
            unsafe cposix_open_at(AT_FDCWD, path, O_RDONLY | O_DIRECTORY, 0)
        }
        return Directory(owning: FileDescriptor(owning: descriptor, path: path), path: path)
    }

    /// Opens a directory; it and its missing parents are made, with exactly this mode, if need be.
    public static func make(_ path: String, mode: FileMode) throws(SystemError) -> Directory {
        do {
            return try open(path)
        } catch {
            guard error.errno == .notFound, let (parent, name) = split(path) else { throw error }
            let directory = try make(parent, mode: mode)
            return try directory.makeDirectory(name, mode: mode)
        }
    }

    /// A second owner of the same open directory.
    public func duplicate() throws(SystemError) -> Directory {
        Directory(owning: try descriptor.duplicate(), path: path)
    }

    public func status() throws(SystemError) -> FileStatus {
        try descriptor.status()
    }

    /// Returns when the names in the directory are on the disk.
    public func synchronize() throws(SystemError) {
        try descriptor.synchronize()
    }

    /// The names in the directory, sorted; those that aren't UTF-8 are left out.
    public func entries() throws(SystemError) -> [String] {
        // A description of its own: the place of a duplicate is shared with the original.
        let own = try system("open", path) { unsafe cposix_open_at(raw, ".", O_RDONLY | O_DIRECTORY, 0) }
        guard let stream = unsafe fdopendir(own) else {
            let error = SystemError("opendir", path, .last)
            _ = Glibc.close(own)
            throw error
        }
        defer { unsafe closedir(stream) }
        var names: [String] = []
        while true {
            Glibc.errno = 0
            guard let entry = unsafe readdir(stream) else { break }
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { field in
                unsafe field.withMemoryRebound(to: CChar.self, capacity: 256) {
                    unsafe String(validatingCString: $0)
                }
            }
            if let name, name != ".", name != ".." { names.append(name) }
        }
        if Glibc.errno != 0 { throw SystemError("readdir", path, .last) }
        return names.sorted()
    }

    var raw: Int32 { descriptor.rawValue }

    /// The full path of a name, for messages.
    public func path(of name: String) -> String {
        path.utf8.last == UInt8(ascii: "/") ? path + name : "\(path)/\(name)"
    }

    /// `a/b` into `a` and `b`; nil where there is nothing to split.
    static func split(_ path: String) -> (parent: String, name: String)? {
        var text = path[...]
        while text.utf8.count > 1, text.utf8.last == UInt8(ascii: "/") { text.removeLast() }
        if text == "/" || text.isEmpty { return nil }
        let whole = String(text)
        guard let (parent, name) = whole.splitAtLastSlash else { return (".", whole) }
        return (parent.isEmpty ? "/" : parent, name)
    }
}
