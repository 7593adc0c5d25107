/// The SHA-256 of a certificate's DER as 64 lower-case hex digits.
public struct Fingerprint: Sendable, Hashable, CustomStringConvertible {
    public let hex: String

    /// Accepts any case, colons between the bytes and a `sha256:` before them; nil for anything else.
    public init?(_ text: String) {
        var digits = text.lowercased()[...]
        if digits.hasPrefix("sha256:") { digits = digits.dropFirst(7) }
        let bare = digits.filter { $0 != ":" }
        guard bare.utf8.count == 64, bare.utf8.allSatisfy(Self.isHexDigit) else { return nil }
        hex = bare
    }

    public var description: String { hex }

    private static func isHexDigit(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte)
    }
}
