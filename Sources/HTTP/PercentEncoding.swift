/// Percent-encoding as RFC 3986 section 2.1 has it. Decoding is done once, after splitting, and never twice.
public enum PercentEncoding {
    /// The text that `bytes` encode: nil for a bad escape, for what is not UTF-8 and for control characters.
    public static func decode(_ bytes: some Collection<UInt8>, plusIsSpace: Bool = false) -> String? {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(bytes.count)
        var rest = bytes.makeIterator()
        while let byte = rest.next() {
            if byte == ASCII.percent {
                guard let first = rest.next().flatMap(ASCII.hexValue),
                    let second = rest.next().flatMap(ASCII.hexValue)
                else { return nil }
                decoded.append(first << 4 | second)
            } else {
                decoded.append(plusIsSpace && byte == UInt8(ascii: "+") ? ASCII.space : byte)
            }
        }
        guard !decoded.contains(where: { $0 < ASCII.space || $0 == ASCII.delete }) else { return nil }
        return String(validating: decoded, as: UTF8.self)
    }

    /// `text` as one path segment: everything but unreserved characters is escaped.
    public static func encodeSegment(_ text: String) -> String {
        let hex = Array("0123456789ABCDEF".utf8)
        var encoded: [UInt8] = []
        for byte in text.utf8 {
            if ByteSet.hostName.contains(byte) {
                encoded.append(byte)
            } else {
                encoded += [ASCII.percent, hex[Int(byte >> 4)], hex[Int(byte & 15)]]
            }
        }
        return String(decoding: encoded, as: UTF8.self)
    }
}
