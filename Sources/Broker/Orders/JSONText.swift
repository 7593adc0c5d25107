import FoundationEssentials

/// Values as one line of JSON, the way Go's encoder ends them: with a line feed.
enum JSONText {
    /// The bytes of `value`. The broker's messages are strings and whole numbers, which always encode; should one
    /// not, the body is an empty object rather than the end of the process.
    static func encode(_ value: some Encodable) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(value) else { return Array("{}\n".utf8) }
        return Array(data) + [UInt8(ascii: "\n")]
    }
}
