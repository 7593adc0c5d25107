import CPOSIX
import Glibc

/// The environment of this process. It is only read: changing it while threads run is a race by design of C.
public enum Environment {
    public static subscript(name: String) -> String? {
        guard !name.utf8.contains(0), let value = unsafe getenv(name) else { return nil }
        return unsafe String(cString: value)
    }

    /// All variables. Of two with one name the first counts, as for `getenv`.
    public static func all() -> [String: String] {
        var variables: [String: String] = [:]
        var entry = unsafe cposix_environment()
        while let text = unsafe entry.pointee {
            let pair = unsafe String(cString: text)
            unsafe entry += 1
            guard let equals = pair.firstIndex(of: "=") else { continue }
            let name = String(pair[..<equals])
            if variables[name] == nil { variables[name] = String(pair[pair.index(after: equals)...]) }
        }
        return variables
    }
}
