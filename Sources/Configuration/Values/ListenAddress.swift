/// Where the local API listens: an address of this host's loopback interface, or nowhere.
public enum ListenAddress: Sendable, Hashable, CustomStringConvertible {
    case off
    /// `host` is an address of `127.0.0.0/8`, or `::1`. Port 0 takes any free one.
    case loopback(host: String, port: UInt16)

    public static let standard = ListenAddress.loopback(host: "127.0.0.1", port: 9780)

    /// Why a text is no such address.
    public enum Problem: Error, Sendable, Hashable {
        case notLoopback, missingPort, badPort
    }

    public init(validating text: String) throws(Problem) {
        if text.lowercased() == "off" {
            self = .off
            return
        }
        if Self.isLoopback(text[...]) { throw .missingPort }
        guard let colon = text.lastIndex(of: ":"), Self.isLoopback(text[..<colon]) else { throw .notLoopback }
        guard let port = PortNumber.parse(text[text.index(after: colon)...]) else { throw .badPort }
        let host = text[..<colon]
        self = .loopback(host: host == "[::1]" ? "::1" : String(host), port: port)
    }

    public var description: String {
        switch self {
        case .off: "off"
        case .loopback(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        }
    }

    private static func isLoopback(_ host: Substring) -> Bool {
        if host == "[::1]" { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4, parts[0] == "127" else { return false }
        return parts.allSatisfy { PortNumber.parse($0).map { $0 <= 255 } ?? false }
    }
}
