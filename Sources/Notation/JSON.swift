/// `Codable` values as JSON (RFC 8259), and back.
///
/// In place of FoundationEssentials' coders, which bring 7 MB of program with them: calendars, attributed strings,
/// regular expressions, the concurrency runtime and libdispatch.
public enum JSON {
    public enum Layout: Sendable {
        /// One line, no spaces.
        case compact
        /// For people: a line for each value, two spaces for each level.
        case indented
    }

    /// Deeper than any document of ours, and far from the end of a thread's stack.
    static let deepest = 64

    /// The members of an object are in the order of their names. Throws for a number that JSON can't hold, and what
    /// the value itself throws.
    public static func encode(_ value: some Encodable, _ layout: Layout = .compact) throws -> [UInt8] {
        let node = EncodingNode()
        try node.take(value, at: [])
        var text = JSONText(layout)
        text.append(node.value)
        return text.bytes
    }

    /// Throws `DecodingError`, and what the value itself throws. Members that the value doesn't ask for are skipped.
    public static func decode<Value: Decodable>(_ type: Value.Type, from bytes: [UInt8]) throws -> Value {
        let value: JSONValue
        do {
            value = try JSONReader.read(bytes, deepest: deepest)
        } catch {
            throw DecodingError.dataCorrupted(
                DecodingError.Context(
                    codingPath: [], debugDescription: error.description, underlyingError: error))
        }
        return try ValueDecoder(value: value, codingPath: []).decode(type)
    }
}
