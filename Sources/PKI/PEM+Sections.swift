extension PEM {
    /// Where a block lies in its text. Nothing is decoded yet, so a key's bytes are in no second place.
    struct Section {
        let label: String
        let line: Int
        let hasHeaders: Bool
        /// From BEGIN to the end of the END line, without the line ending.
        let extent: Range<Int>
        /// What stands between the boundaries and after the headers.
        let body: Range<Int>

        /// The decoded contents, in storage that was reserved once.
        func decode(from text: Span<UInt8>) throws(PEMError) -> [UInt8] {
            var letters: [UInt8] = []
            letters.reserveCapacity(body.count)
            defer { SecretBytes.wipe(&letters) }
            for index in body where !PEM.isSpace(text[index]) { letters.append(text[index]) }
            guard !letters.isEmpty else { throw PEMError(line: line, reason: .empty) }
            guard let contents = Base64.standard.decode(letters.span) else {
                throw PEMError(line: line, reason: .base64)
            }
            return contents
        }

        func written(in text: Span<UInt8>) -> String { PEM.string(text, extent) + "\n" }
    }

    /// Finds the blocks of `text`.
    static func sections(in text: Span<UInt8>) throws(PEMError) -> [Section] {
        var sections: [Section] = []
        var open: OpenSection?
        var number = 0
        var start = 0
        while start < text.count {
            number += 1
            let line = trimmed(text, from: start, to: endOfLine(text, start))
            start = endOfLine(text, start) + 1
            if let label = try boundary("-----BEGIN ", text, line, number) {
                if let open { throw PEMError(line: open.line, reason: .unfinished(label: open.label)) }
                open = OpenSection(label: label, line: number, start: line.lowerBound, bodyStart: start)
            } else if let label = try boundary("-----END ", text, line, number) {
                guard let begun = open else { throw PEMError(line: number, reason: .unexpectedEnd) }
                guard begun.label == label else {
                    throw PEMError(line: number, reason: .labelMismatch(begin: begun.label, end: label))
                }
                sections.append(begun.finished(bodyEnd: line.lowerBound, end: line.upperBound))
                open = nil
            } else if var begun = open {
                begun.notice(text, line, next: start)
                open = begun
            }
        }
        if let open { throw PEMError(line: open.line, reason: .unfinished(label: open.label)) }
        return sections
    }

    /// A block whose END has not been seen.
    private struct OpenSection {
        let label: String
        let line: Int
        let start: Int
        var bodyStart: Int
        var hasHeaders = false
        var inHeaders = true

        /// RFC 1421 headers come first, hold a colon or begin with white space, and end with an empty line.
        mutating func notice(_ text: Span<UInt8>, _ content: Range<Int>, next: Int) {
            guard inHeaders else { return }
            if content.contains(where: { text[$0] == UInt8(ascii: ":") }) {
                hasHeaders = true
                bodyStart = next
            } else if hasHeaders && content.isEmpty {
                bodyStart = next
                inHeaders = false
            } else if !hasHeaders {
                inHeaders = false
            }
        }

        func finished(bodyEnd: Int, end: Int) -> Section {
            Section(
                label: label, line: line, hasHeaders: hasHeaders, extent: start..<end,
                body: min(bodyStart, bodyEnd)..<bodyEnd)
        }
    }

    /// Longer ones don't exist; they would only fill the messages that name them.
    private static let longestLabel = 64

    /// The label of a line that begins with `prefix`, or nil when it does not.
    private static func boundary(
        _ prefix: StaticString, _ text: Span<UInt8>, _ line: Range<Int>, _ number: Int
    ) throws(PEMError) -> String? {
        let begin = Array(prefix.description.utf8)
        let dashes = 5
        guard line.count >= begin.count,
            begin.indices.allSatisfy({ text[line.lowerBound + $0] == begin[$0] })
        else { return nil }
        let labelStart = line.lowerBound + begin.count
        let labelEnd = line.upperBound - dashes
        guard labelStart < labelEnd, labelEnd - labelStart <= longestLabel,
            (labelEnd..<line.upperBound).allSatisfy({ text[$0] == UInt8(ascii: "-") }),
            (labelStart..<labelEnd).allSatisfy({ 0x20...0x7E ~= text[$0] })
        else { throw PEMError(line: number, reason: .boundary) }
        return string(text, labelStart..<labelEnd)
    }

    private static func endOfLine(_ text: Span<UInt8>, _ start: Int) -> Int {
        var index = start
        while index < text.count && text[index] != UInt8(ascii: "\n") { index += 1 }
        return index
    }

    private static func trimmed(_ text: Span<UInt8>, from start: Int, to end: Int) -> Range<Int> {
        var end = end
        while end > start && isSpace(text[end - 1]) { end -= 1 }
        return start..<end
    }

    fileprivate static func isSpace(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == UInt8(ascii: "\r")
            || byte == UInt8(ascii: "\n")
    }

    private static func string(_ text: Span<UInt8>, _ range: Range<Int>) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(range.count)
        for index in range { bytes.append(text[index]) }
        return String(decoding: bytes, as: UTF8.self)
    }
}
