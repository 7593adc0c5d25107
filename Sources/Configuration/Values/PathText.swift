/// Paths as text, without looking at any file system. Read byte by byte, as the kernel does: a slash with a combining mark
/// behind it is another `Character` than `/`.
enum PathText {
    private static let slash = UInt8(ascii: "/")

    /// The shortest form of an absolute path: no empty parts, no `.`, each `..` taken with the part before it.
    static func normalised(_ path: String) -> String {
        if isNormal(path) { return path }
        var parts: [Substring] = []
        for part in self.parts(of: path) {
            switch part {
            case ".": continue
            case "..": parts = parts.dropLast()
            default: parts.append(part)
            }
        }
        return "/" + parts.joined(separator: "/")
    }

    /// What stands between the slashes.
    static func parts(of path: String) -> [Substring] {
        path.utf8.split(separator: slash).map { Substring($0) }
    }

    /// What stands behind the last slash.
    static func name(of path: String) -> Substring {
        let bytes = path.utf8
        let start = bytes.lastIndex(of: slash).map(bytes.index(after:)) ?? bytes.startIndex
        return Substring(bytes[start...])
    }

    /// The directories above a normalised path, the nearest first, without `/`.
    static func ancestors(of path: String) -> [String] {
        var ancestors: [String] = []
        var rest = path.utf8[...]
        while let last = rest.lastIndex(of: slash), last > rest.startIndex {
            rest = rest[..<last]
            ancestors.append(String(Substring(rest)))
        }
        return ancestors
    }

    /// Most paths are written in their shortest form.
    private static func isNormal(_ path: String) -> Bool {
        var (length, dots) = (0, 0)
        for byte in path.utf8.dropFirst() {
            if byte == slash {
                if isIdle(length, dots) { return false }
                (length, dots) = (0, 0)
            } else {
                length += 1
                if byte == UInt8(ascii: ".") { dots += 1 }
            }
        }
        return !isIdle(length, dots)
    }

    /// Whether a part of so many bytes, so many of them dots, is empty, `.` or `..`.
    private static func isIdle(_ length: Int, _ dots: Int) -> Bool { length == dots && length <= 2 }
}
