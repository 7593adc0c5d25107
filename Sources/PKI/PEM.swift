/// Textual encodings (RFC 7468): blocks between `-----BEGIN label-----` and `-----END label-----`.
///
/// Text outside blocks is explanation and is skipped; inside a block nothing is forgiven but line endings and
/// white space at the ends of lines.
public enum PEM {
    /// One decoded block.
    public struct Block: Hashable, Sendable {
        public let label: String
        /// The decoded base 64.
        public let contents: [UInt8]
        /// The block as it was written, from its BEGIN line to the end of its END line, with a newline last.
        public let text: String
        /// The line of BEGIN, counted from 1.
        public let line: Int
    }

    /// Every block of `text`, in order; none is an empty list.
    ///
    /// Blocks with headers (`Proc-Type` and the like) are refused: only encrypted keys have them.
    public static func blocks(in text: Span<UInt8>) throws(PEMError) -> [Block] {
        var blocks: [Block] = []
        for section in try sections(in: text) {
            guard !section.hasHeaders else { throw PEMError(line: section.line, reason: .headers) }
            blocks.append(
                Block(
                    label: section.label, contents: try section.decode(from: text),
                    text: section.written(in: text), line: section.line))
        }
        return blocks
    }

    public static func blocks(in text: [UInt8]) throws(PEMError) -> [Block] { try blocks(in: text.span) }

    /// `contents` as a block with lines of 64 letters.
    public static func text(label: String, contents: [UInt8]) -> String {
        String(decoding: encoded(label: label, contents: contents.span), as: UTF8.self)
    }

    /// The bytes of a block, in storage that is reserved once. The base 64 in between is wiped.
    static func encoded(label: String, contents: Span<UInt8>) -> [UInt8] {
        var base64 = Base64.standard.encodedBytes(contents)
        var text: [UInt8] = []
        text.reserveCapacity(base64.count + base64.count / 64 + 2 * label.utf8.count + 40)
        text.append(contentsOf: "-----BEGIN \(label)-----\n".utf8)
        for index in base64.indices {
            text.append(base64[index])
            if index % 64 == 63 || index == base64.count - 1 { text.append(UInt8(ascii: "\n")) }
        }
        text.append(contentsOf: "-----END \(label)-----\n".utf8)
        SecretBytes.wipe(&base64)
        return text
    }
}

/// Why text is not PEM, and where.
public struct PEMError: Error, Hashable, Sendable, CustomStringConvertible {
    public enum Reason: Hashable, Sendable {
        /// The block never ends, or another one begins inside it.
        case unfinished(label: String)
        /// BEGIN and END name different labels.
        case labelMismatch(begin: String, end: String)
        /// An END without a BEGIN.
        case unexpectedEnd
        /// A `-----BEGIN` or `-----END` line that is not finished by `-----`, or has no printable label of at
        /// most 64 characters.
        case boundary
        /// Something in the block is not base 64.
        case base64
        /// Nothing is in the block.
        case empty
        /// The block has headers where none belong.
        case headers
    }

    /// The line at fault, or the block's first one, counted from 1.
    public let line: Int
    public let reason: Reason

    public var description: String {
        let what =
            switch reason {
            case .unfinished(let label): "the block \(label) is not finished"
            case .labelMismatch(let begin, let end): "a block that begins as \(begin) ends as \(end)"
            case .unexpectedEnd: "END without BEGIN"
            case .boundary: "malformed BEGIN or END line"
            case .base64: "not base 64"
            case .empty: "the block is empty"
            case .headers: "the block has headers"
            }
        return "PEM line \(line): \(what)"
    }
}
