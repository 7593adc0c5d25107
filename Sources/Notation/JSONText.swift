/// Lays a JSON value out as text.
struct JSONText {
    private(set) var bytes: [UInt8] = []
    private let layout: JSON.Layout
    private var level = 0

    init(_ layout: JSON.Layout) { self.layout = layout }

    mutating func append(_ value: JSONValue) {
        switch value {
        case .null: append("null")
        case .bool(let value): append(value ? "true" : "false")
        case .number(let text): append(text)
        case .string(let text): quote(text)
        case .array(let elements):
            list("[", "]", elements) { $0.append($1) }
        case .object(let members):
            list("{", "}", members) { text, member in
                text.quote(member.name)
                text.append(text.layout == .compact ? ":" : ": ")
                text.append(member.value)
            }
        }
    }

    private mutating func append(_ text: String) { bytes.append(contentsOf: text.utf8) }

    private mutating func list<Item>(
        _ open: String, _ close: String, _ items: [Item], _ write: (inout JSONText, Item) -> Void
    ) {
        append(open)
        level += 1
        for (index, item) in items.enumerated() {
            if index > 0 { append(",") }
            beginLine()
            write(&self, item)
        }
        level -= 1
        if !items.isEmpty { beginLine() }
        append(close)
    }

    private mutating func beginLine() {
        guard layout == .indented else { return }
        append("\n")
        append(String(repeating: "  ", count: level))
    }

    /// Escapes what RFC 8259 section 7 demands, and nothing else.
    private mutating func quote(_ text: String) {
        append("\"")
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""): append("\\\"")
            case UInt8(ascii: "\\"): append("\\\\")
            case 0x0A: append("\\n")
            case 0x0D: append("\\r")
            case 0x09: append("\\t")
            case 0..<0x10: append("\\u000" + String(byte, radix: 16))
            case 0x10..<0x20: append("\\u00" + String(byte, radix: 16))
            default: bytes.append(byte)
            }
        }
        append("\"")
    }
}
