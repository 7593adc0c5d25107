import CPOSIX
import Glibc

/// Extended attributes (xattr(7)): `user.…`, the labels of security modules, access control lists.
extension FileDescriptor {
    /// As long as the kernel lets a value, or all names together, be.
    private static let longestAttribute = 64 << 10

    /// Its value; nil if the file has no such attribute, or its file system none at all.
    public func attribute(_ name: String) throws(SystemError) -> [UInt8]? {
        try requireNoZero(name, "getxattr")
        do {
            return try unsafe bytes("getxattr") { unsafe cposix_attribute(rawValue, name, $0, $1) }
        } catch  where [.noAttribute, .notSupported].contains(error.errno) {
            return nil
        }
    }

    /// The names of all attributes that this process may see, sorted; those that aren't UTF-8 are left out.
    public func attributeNames() throws(SystemError) -> [String] {
        let list: [UInt8]
        do {
            list = try unsafe bytes("listxattr") { unsafe cposix_attribute_names(rawValue, $0, $1) }
        } catch  where error.errno == .notSupported {
            return []
        }
        return list.split(separator: 0).compactMap { String(validating: $0, as: UTF8.self) }.sorted()
    }

    public func setAttribute(_ name: String, to value: [UInt8]) throws(SystemError) {
        try requireNoZero(name, "setxattr")
        try system("setxattr", path) { unsafe cposix_set_attribute(rawValue, name, value, value.count) }
    }

    /// Whether there was one.
    @discardableResult
    public func removeAttribute(_ name: String) throws(SystemError) -> Bool {
        try requireNoZero(name, "removexattr")
        do {
            try system("removexattr", path) { unsafe cposix_remove_attribute(rawValue, name) }
            return true
        } catch  where [.noAttribute, .notSupported].contains(error.errno) {
            return false
        }
    }

    private func bytes(
        _ operation: String, _ call: (UnsafeMutablePointer<UInt8>, Int) -> Int
    ) throws(SystemError) -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: Self.longestAttribute)
        let capacity = buffer.count
        let answer = unsafe buffer.withUnsafeMutableBufferPointer { place -> Result<Int, Errno> in
            guard let start = place.baseAddress else { return .success(0) }
            return attempt { unsafe call(start, capacity) }
        }
        switch answer {
        case .success(let count): return Array(buffer.prefix(count))
        case .failure(let errno): throw SystemError(operation, path, errno)
        }
    }
}
