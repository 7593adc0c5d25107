/// The name of a managed certificate, as the configuration gives it: unique on the host, safe in a log line, and
/// with a file name of its own in the state directory.
public struct CertificateName: Hashable, Comparable, Sendable, CustomStringConvertible {
    public let text: String

    /// Refuses what could not be shown or stored: nothing, more than 255 bytes, control characters.
    public init(validating text: String) throws(CertificateNameProblem) {
        if text.isEmpty { throw .empty }
        if text.utf8.count > 255 { throw .tooLong }
        let isControl = { (scalar: Unicode.Scalar) in scalar.properties.generalCategory == .control }
        if text.unicodeScalars.contains(where: isControl) { throw .controlCharacter }
        self.text = text
    }

    private init(known text: String) { self.text = text }

    func detached() -> CertificateName { CertificateName(known: text.detached()) }

    public var description: String { text }

    /// Bytewise, so that lists look the same in every locale.
    public static func < (left: Self, right: Self) -> Bool {
        left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
    }

    /// The percent-encoded name: a single path component of at most 200 bytes that never begins with a dot. A name
    /// whose encoding is longer is cut, and a hash of the whole keeps it distinct.
    public var fileName: String {
        var encoded: [UInt8] = []
        for (offset, byte) in text.utf8.enumerated() {
            if Self.isPlain(byte) && !(offset == 0 && byte == UInt8(ascii: ".")) {
                encoded.append(byte)
            } else {
                encoded += [UInt8(ascii: "%"), Self.hexDigit(byte >> 4), Self.hexDigit(byte & 15)]
            }
        }
        if encoded.count > 200 {
            let hash = String(StableHash.of(text), radix: 16)
            encoded = encoded.prefix(180) + [Self.cut] + Array(hash.utf8)
        }
        return String(decoding: encoded, as: UTF8.self)
    }

    /// Stands in no encoding, so that a name that was cut is known as such.
    private static let cut = UInt8(ascii: "~")

    /// Whether a `fileName` holds only a part of its name.
    public static func isCut(fileName: String) -> Bool { fileName.utf8.contains(cut) }

    /// The name with that `fileName`; nil for what is none, and for one that was cut.
    public init?(fileName: String) {
        var bytes: [UInt8] = []
        var rest = Array(fileName.utf8)[...]
        while let byte = rest.popFirst() {
            if byte != UInt8(ascii: "%") {
                bytes.append(byte)
            } else if let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) {
                bytes.append(value)
                rest = rest.dropFirst(2)
            }
        }
        guard let text = String(validating: bytes, as: UTF8.self),
            let name = try? CertificateName(validating: text), name.fileName == fileName
        else { return nil }
        self = name
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
            true
        default: false
        }
    }

    private static func hexDigit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "A") + value - 10
    }
}

/// Why a text can't name a certificate.
public enum CertificateNameProblem: Error, Hashable, Sendable, CustomStringConvertible {
    case empty, tooLong, controlCharacter

    public var description: String {
        switch self {
        case .empty: "the name is empty"
        case .tooLong: "the name is longer than 255 bytes"
        case .controlCharacter: "the name contains a control character"
        }
    }
}

extension CertificateName: Codable {
    public init(from decoder: any Decoder) throws {
        try self.init(validating: decoder.singleValueContainer().decode(String.self))
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}
