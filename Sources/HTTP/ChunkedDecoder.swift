/// Decodes a chunked body that comes in pieces (RFC 9112 section 7.1). Extensions are bounded and ignored, trailer
/// fields are checked, bounded and dropped.
struct ChunkedDecoder: Sendable {
    private enum Stage {
        case size
        case data(remaining: Int)
        case dataEnd
        case trailer
    }

    private var stage = Stage.size
    private var scanner = LineScanner()
    private var line: [UInt8] = []
    private var extensionBytes = 0
    private var trailerBytes = 0

    /// Something of a body was read.
    private(set) var isUsed = false

    /// Reads `input` from `start` and appends to `body`: where it stopped, and whether the body is complete.
    mutating func read(
        _ input: ArraySlice<UInt8>, from start: Int, into body: inout [UInt8], _ limits: Limits
    ) throws(RefusedRequest) -> (next: Int, isComplete: Bool) {
        isUsed = true
        var index = start
        while index < input.endIndex {
            switch stage {
            case .size:
                guard try readLine(input, &index, limit: limits.chunkLine, or: .chunkExtensionsTooLong) else {
                    return (index, false)
                }
                let size = try readSize(limits)
                guard size <= limits.body - body.count else { throw .bodyTooLarge }
                stage = size == 0 ? .trailer : .data(remaining: size)
            case .data(let remaining):
                let end = min(input.endIndex, index + remaining)
                body.append(contentsOf: input[index..<end])
                let rest = remaining - (end - index)
                index = end
                stage = rest == 0 ? .dataEnd : .data(remaining: rest)
            case .dataEnd:
                guard try readLine(input, &index, limit: 2, or: .malformedChunk) else {
                    return (index, false)
                }
                guard line.count == 2 else { throw .malformedChunk }
                line.removeAll(keepingCapacity: true)
                stage = .size
            case .trailer:
                let room = limits.trailers - trailerBytes
                guard try readLine(input, &index, limit: room, or: .trailersTooLong) else {
                    return (index, false)
                }
                if line.count == 2 { return (index, true) }
                guard (try? FieldRange(line.span, line: 0..<line.count - 2)) != nil else {
                    throw .malformedTrailer
                }
                trailerBytes += line.count
                line.removeAll(keepingCapacity: true)
            }
        }
        return (index, false)
    }

    /// Moves `index` past what belongs to the current line; true when `line` holds all of it with its end.
    private mutating func readLine(
        _ input: ArraySlice<UInt8>, _ index: inout Int, limit: Int, or refusal: RefusedRequest
    ) throws(RefusedRequest) -> Bool {
        // Not a byte further than is too far: however the bytes come, the same is wrong with them first.
        let start = index - input.startIndex
        let reach = min(input.count, start + limit - line.count + 1)
        let (end, endsLine) = try scanner.scan(input.span.extracting(0..<reach), from: start)
        let next = input.startIndex + end
        guard line.count + next - index <= limit else { throw refusal }
        line.append(contentsOf: input[index..<next])
        index = next
        return endsLine
    }

    /// Reads `size [";" extension]` from `line` and empties it. No white space before the semicolon: readers
    /// disagree on what it means there.
    private mutating func readSize(_ limits: Limits) throws(RefusedRequest) -> Int {
        var size = 0
        var digits = 0
        for byte in line {
            guard let value = ASCII.hexValue(byte) else { break }
            digits += 1
            guard digits <= 8 else { throw .malformedChunk }
            size = size << 4 | Int(value)
        }
        let rest = line[digits..<line.count - 2]
        guard digits > 0, rest.isEmpty || rest.first == UInt8(ascii: ";") else { throw .malformedChunk }
        extensionBytes += rest.count
        guard extensionBytes <= limits.chunkExtensions else { throw .chunkExtensionsTooLong }
        line.removeAll(keepingCapacity: true)
        return size
    }
}
