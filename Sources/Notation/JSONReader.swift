/// Reads JSON (RFC 8259) strictly: UTF-8, one value, no name twice in an object, no more levels than asked for.
public struct JSONReader {
    private let bytes: [UInt8]
    private let deepest: Int
    private var index = 0

    private init(_ bytes: [UInt8], deepest: Int) {
        self.bytes = bytes
        self.deepest = deepest
    }

    /// - Parameter deepest: how many objects and arrays may lie in each other.
    public static func read(_ bytes: [UInt8], deepest: Int) throws(JSONProblem) -> JSONValue {
        var reader = JSONReader(bytes, deepest: deepest)
        let value = try reader.value(depth: 1)
        reader.skipSpace()
        if reader.index < bytes.count { throw reader.problem("something follows the value") }
        return value
    }

    private var next: UInt8? { index < bytes.count ? bytes[index] : nil }

    private func problem(_ reason: String) -> JSONProblem { JSONProblem(reason: reason, offset: index) }

    private mutating func skipSpace() {
        while let byte = next, [0x20, 0x09, 0x0A, 0x0D].contains(byte) { index += 1 }
    }

    private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard next == UInt8(ascii: scalar) else { return false }
        index += 1
        return true
    }

    private mutating func value(depth: Int) throws(JSONProblem) -> JSONValue {
        if depth > deepest { throw problem("the value is nested too deeply") }
        skipSpace()
        switch next {
        case UInt8(ascii: "{"): return try object(depth)
        case UInt8(ascii: "["): return try array(depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        case UInt8(ascii: "-"): return .number(try number())
        case let digit? where Self.isDigit(digit): return .number(try number())
        case nil: throw problem("the text ends where a value is expected")
        default: throw problem("this begins no value")
        }
    }

    private mutating func word(_ text: String, _ value: JSONValue) throws(JSONProblem) -> JSONValue {
        guard bytes[index...].starts(with: text.utf8) else { throw problem("this begins no value") }
        index += text.utf8.count
        return value
    }

    private mutating func object(_ depth: Int) throws(JSONProblem) -> JSONValue {
        index += 1
        var members: [JSONMember] = []
        var names: Set<String> = []
        skipSpace()
        if take("}") { return .object([]) }
        while true {
            skipSpace()
            guard next == UInt8(ascii: "\"") else { throw problem("a name in quotes is expected") }
            let start = index
            let name = try string()
            guard names.insert(name).inserted else {
                throw JSONProblem(reason: "a name comes twice", offset: start)
            }
            skipSpace()
            guard take(":") else { throw problem("a colon is expected") }
            members.append(JSONMember(name: name, value: try value(depth: depth + 1)))
            skipSpace()
            if take("}") { return .object(members) }
            guard take(",") else { throw problem("a comma or } is expected") }
        }
    }

    private mutating func array(_ depth: Int) throws(JSONProblem) -> JSONValue {
        index += 1
        var elements: [JSONValue] = []
        skipSpace()
        if take("]") { return .array([]) }
        while true {
            elements.append(try value(depth: depth + 1))
            skipSpace()
            if take("]") { return .array(elements) }
            guard take(",") else { throw problem("a comma or ] is expected") }
        }
    }

    private mutating func number() throws(JSONProblem) -> String {
        let start = index
        _ = take("-")
        if !take("0") { try digits() }
        if take(".") { try digits() }
        if take("e") || take("E") {
            if !take("+") { _ = take("-") }
            try digits()
        }
        return String(decoding: bytes[start..<index], as: UTF8.self)
    }

    private mutating func digits() throws(JSONProblem) {
        let start = index
        while let byte = next, Self.isDigit(byte) { index += 1 }
        if index == start { throw problem("a digit is expected") }
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
    }

    private mutating func string() throws(JSONProblem) -> String {
        let start = index
        index += 1
        var content: [UInt8] = []
        while let byte = next {
            index += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let text = String(validating: content, as: UTF8.self) else {
                    throw JSONProblem(reason: "a string is not UTF-8", offset: start)
                }
                return text
            case UInt8(ascii: "\\"): try escape(into: &content)
            case 0..<0x20: throw JSONProblem(reason: "a control character must be escaped", offset: index - 1)
            default: content.append(byte)
            }
        }
        throw JSONProblem(reason: "a string has no end", offset: start)
    }

    private mutating func escape(into content: inout [UInt8]) throws(JSONProblem) {
        guard let byte = next else { throw problem("an escape has no end") }
        index += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): content.append(byte)
        case UInt8(ascii: "b"): content.append(0x08)
        case UInt8(ascii: "f"): content.append(0x0C)
        case UInt8(ascii: "n"): content.append(0x0A)
        case UInt8(ascii: "r"): content.append(0x0D)
        case UInt8(ascii: "t"): content.append(0x09)
        case UInt8(ascii: "u"): content.append(contentsOf: String(Character(try escapedScalar())).utf8)
        default: throw JSONProblem(reason: "this is no escape", offset: index - 1)
        }
    }

    /// What follows `\u`: one unit of UTF-16, or a pair of surrogates.
    private mutating func escapedScalar() throws(JSONProblem) -> Unicode.Scalar {
        let start = index
        let first = try unit()
        if let scalar = Unicode.Scalar(first) { return scalar }
        guard first < 0xDC00, take("\\"), take("u") else {
            throw JSONProblem(reason: "half of a surrogate pair", offset: start)
        }
        let second = try unit()
        let isLow = (0xDC00..<0xE000).contains(second)
        let value = 0x10000 + (first - 0xD800) << 10 + (isLow ? second - 0xDC00 : 0)
        guard isLow, let scalar = Unicode.Scalar(value) else {
            throw JSONProblem(reason: "half of a surrogate pair", offset: start)
        }
        return scalar
    }

    private mutating func unit() throws(JSONProblem) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = next, let digit = Character(Unicode.Scalar(byte)).hexDigitValue, byte < 0x80
            else {
                throw problem("four hexadecimal digits are expected")
            }
            value = value << 4 | UInt32(digit)
            index += 1
        }
        return value
    }
}
