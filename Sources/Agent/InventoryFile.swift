import FoundationEssentials
import Lifecycle
import PKI
import POSIX

/// What an inventory knows, in one file that the next process begins with.
///
/// A line that names format, version and the SHA-256 of the rest; then the sets one behind the other. Only facts that
/// anybody could read from the certificates, and digests of public keys: nothing of a private key. Nothing here is
/// believed beyond what a `stat` of the files themselves confirms, so a file that is lost, damaged or of another version
/// costs one reading of all certificates and nothing else.
enum InventoryFile {
    /// Why a file is of no use.
    enum Damage: Error, Equatable, CustomStringConvertible {
        case foreign
        case version(String)
        case checksum
        case content

        var description: String {
            switch self {
            case .foreign: "it is no remembered inventory"
            case .version(let version): "it is of version \(version)"
            case .checksum: "its checksum is wrong"
            case .content: "its content can't be read"
            }
        }
    }

    static let name = "inventory"
    /// Ten thousand certificates take a thirtieth of it.
    static let longest = 128 << 20

    private static let format = "certplane-inventory"
    private static let version = "1"

    static func encode(_ memories: [CertificateName: SetMemory]) -> [UInt8] {
        var body = ByteWriter()
        for (name, memory) in memories.sorted(by: { $0.key < $1.key }) {
            guard let facts = memory.facts else { continue }
            body.text(name.text)
            body.fingerprint(memory.fingerprint)
            body.facts(facts)
        }
        let bytes = body.bytes
        return Array("\(format) \(version) \(SHA256.hex(bytes))\n".utf8) + bytes
    }

    static func decode(_ bytes: [UInt8]) throws(Damage) -> [CertificateName: SetMemory] {
        guard let end = bytes.prefix(256).firstIndex(of: UInt8(ascii: "\n")) else { throw .foreign }
        let words = String(decoding: bytes[..<end], as: UTF8.self).split(separator: " ").map(String.init)
        guard words.first == format, words.count >= 2 else { throw .foreign }
        guard words[1] == version else { throw .version(Printable.line(words[1], limit: 20)) }
        guard words.count == 3, SHA256.hex(bytes.span.extracting(droppingFirst: end + 1)) == words[2] else {
            throw .checksum
        }
        var reader = ByteReader(bytes, from: end + 1)
        var memories: [CertificateName: SetMemory] = [:]
        while !reader.isAtEnd {
            guard let name = reader.text().flatMap({ try? CertificateName(validating: $0) }),
                let fingerprint = reader.fingerprint(), let facts = reader.facts()
            else { throw .content }
            memories[name] = SetMemory(remembered: fingerprint, facts)
        }
        return memories
    }
}

/// Numbers little-endian in eight bytes, texts as their length and their UTF-8.
private struct ByteWriter {
    private(set) var bytes: [UInt8] = []

    mutating func number(_ value: UInt64) {
        for shift in stride(from: UInt64(0), to: 64, by: 8) {
            bytes.append(UInt8(truncatingIfNeeded: value >> shift))
        }
    }

    mutating func text(_ value: String) {
        number(UInt64(value.utf8.count))
        bytes += value.utf8
    }

    mutating func fingerprint(_ fingerprint: OutputsFingerprint) {
        for output in Output.allCases {
            guard let file = fingerprint[output] else {
                number(0)
                continue
            }
            number(1)
            number(file.device)
            number(file.inode)
            for value in [file.size, file.modified, file.changed] { number(UInt64(bitPattern: value)) }
        }
    }

    mutating func facts(_ facts: InstalledCertificate) {
        for date in [facts.notBefore, facts.notAfter] { number(date.timeIntervalSince1970.bitPattern) }
        for value in [
            facts.serial, facts.keyType?.rawValue ?? "", facts.issuer, facts.sha256, facts.spkiSHA256,
        ] {
            text(value)
        }
        number(UInt64(facts.dnsNames.count))
        for name in facts.dnsNames { text(name) }
    }
}

private struct ByteReader {
    private let bytes: [UInt8]
    private var place: Int
    /// Many certificates have the same issuer: one text for all of them.
    private var lastIssuer = ""

    init(_ bytes: [UInt8], from start: Int) {
        self.bytes = bytes
        place = start
    }

    var isAtEnd: Bool { place == bytes.count }

    mutating func number() -> UInt64? {
        guard bytes.count - place >= 8 else { return nil }
        defer { place += 8 }
        return (0..<8).reduce(0) { $0 | UInt64(bytes[place + $1]) << UInt64(8 * $1) }
    }

    mutating func text() -> String? {
        guard let count = number(), count <= UInt64(bytes.count - place) else { return nil }
        defer { place += Int(count) }
        return String(validating: bytes[place..<place + Int(count)], as: UTF8.self)
    }

    mutating func fingerprint() -> OutputsFingerprint? {
        var fingerprint = OutputsFingerprint()
        for output in Output.allCases {
            guard let isPresent = number() else { return nil }
            if isPresent == 0 { continue }
            guard let device = number(), let inode = number(), let size = number(), let modified = number(),
                let changed = number()
            else { return nil }
            fingerprint[output] = OutputsFingerprint.File(
                device: device, inode: inode, size: Int64(bitPattern: size),
                modified: Int64(bitPattern: modified), changed: Int64(bitPattern: changed))
        }
        return fingerprint
    }

    mutating func facts() -> InstalledCertificate? {
        guard let notBefore = date(), let notAfter = date(), let serial = text(), let keyType = text(),
            var issuer = text(), let sha256 = text(), let spki = text(), let count = number(),
            count <= UInt64(bytes.count - place)
        else { return nil }
        if issuer == lastIssuer { issuer = lastIssuer } else { lastIssuer = issuer }
        var names: [String] = []
        for _ in 0..<count {
            guard let name = text() else { return nil }
            names.append(name)
        }
        return InstalledCertificate(
            serial: serial, notBefore: notBefore, notAfter: notAfter, dnsNames: names,
            keyType: KeyType(rawValue: keyType), issuer: issuer, sha256: sha256, spkiSHA256: spki)
    }

    private mutating func date() -> Date? {
        guard let bits = number(), case let seconds = Double(bitPattern: bits), seconds.isFinite else {
            return nil
        }
        return Date(timeIntervalSince1970: seconds)
    }
}
