/// The base address of a server: `https`, a host, maybe a port and a path, nothing else. Trailing slashes are
/// dropped, so that paths can be appended.
public struct HTTPSURL: Sendable, Hashable, CustomStringConvertible {
    /// Why a text is no such address.
    public enum Problem: Error, Sendable, Hashable {
        case notAURL, notHTTPS, badHost, badPort, hasUserInfo, hasQueryOrFragment, badCharacter
    }

    /// The whole address without a trailing slash.
    public let text: String
    /// A name or address; that of IPv6 without brackets.
    public let host: String
    /// 443 unless the address names another.
    public let port: UInt16

    public init(validating text: String) throws(Problem) {
        let bytes = Array(text.utf8)
        guard bytes.allSatisfy(Self.isURLByte) else { throw .badCharacter }
        guard let colon = text.firstIndex(of: ":"), text[colon...].hasPrefix("://") else { throw .notAURL }
        guard text[..<colon].lowercased() == "https" else { throw .notHTTPS }
        let rest = text[colon...].dropFirst(3)
        guard !rest.contains("?"), !rest.contains("#") else { throw .hasQueryOrFragment }
        var authority = rest.prefix { $0 != "/" }
        guard !authority.contains("@") else { throw .hasUserInfo }
        (host, port) = try Self.hostAndPort(authority)
        var path = rest[authority.endIndex...]
        if authority.last == ":" { authority.removeLast() }
        guard Self.hasValidEscapes(path) else { throw .badCharacter }
        while path.last == "/" { path.removeLast() }
        self.text = "https://\(authority)\(path)"
    }

    public var description: String { text }

    private static func hostAndPort(_ authority: Substring) throws(Problem) -> (String, UInt16) {
        var host = authority
        var portText: Substring?
        if authority.first == "[" {
            guard let close = authority.firstIndex(of: "]") else { throw .badHost }
            host = authority[authority.index(after: authority.startIndex)..<close]
            let after = authority[authority.index(after: close)...]
            guard after.isEmpty || after.first == ":" else { throw .badHost }
            portText = after.isEmpty ? nil : after.dropFirst()
            guard host.contains(":"), host.allSatisfy({ $0.isHexDigit || $0 == ":" || $0 == "." }) else {
                throw .badHost
            }
        } else {
            if let colon = authority.firstIndex(of: ":") {
                host = authority[..<colon]
                portText = authority[authority.index(after: colon)...]
            }
            guard isHostName(host) else { throw .badHost }
        }
        // "https://host:/" is an empty port, which RFC 3986 allows and means the default.
        guard let portText, !portText.isEmpty else { return (String(host), 443) }
        guard let port = PortNumber.parse(portText), port > 0 else { throw .badPort }
        return (String(host), port)
    }

    private static func isHostName(_ host: Substring) -> Bool {
        let labels = (host.hasSuffix(".") ? host.dropLast() : host)
            .split(separator: ".", omittingEmptySubsequences: false)
        return host.utf8.count <= 253
            && labels.allSatisfy { label in
                !label.isEmpty && label.utf8.count <= 63 && label.first != "-" && label.last != "-"
                    && label.allSatisfy { $0.isLetter || $0.isNumber || $0 == "-" || $0 == "_" }
            }
    }

    /// Printable ASCII without what RFC 3986 keeps out of an address.
    private static func isURLByte(_ byte: UInt8) -> Bool {
        (0x21...0x7E).contains(byte) && !"\"<>\\^`{|}".utf8.contains(byte)
    }

    private static func hasValidEscapes(_ path: Substring) -> Bool {
        path.split(separator: "%", omittingEmptySubsequences: false).dropFirst().allSatisfy { part in
            part.count >= 2 && part.prefix(2).allSatisfy(\.isHexDigit)
        }
    }
}

/// Decimal port numbers without sign, space or leading zeros.
enum PortNumber {
    static func parse(_ text: Substring) -> UInt16? {
        guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        if text.count > 1, text.first == "0" { return nil }
        return UInt16(text)
    }
}
