import FoundationEssentials
import Lifecycle

/// Writes JSON (RFC 8259) straight into bytes. Members come in the order they are written; what is `nil` is written
/// as `null`, so that a document has the same members at all times. Times are RFC 3339, durations seconds.
package struct JSONWriter: DocumentWriter {
    package var bytes: [UInt8] = []
    private var isFirst = true

    /// An object with a line feed behind it.
    static func document(_ members: (inout JSONWriter) -> Void) -> [UInt8] {
        var writer = JSONWriter()
        writer.object(members)
        writer.bytes.append(UInt8(ascii: "\n"))
        return writer.bytes
    }

    /// An object as an element, or as the whole document.
    mutating func object(_ members: (inout JSONWriter) -> Void) {
        separate()
        braces("{", "}", members)
    }

    mutating func object(_ name: String, _ members: (inout JSONWriter) -> Void) {
        self.name(name)
        braces("{", "}", members)
    }

    /// An object about something, `null` when there is nothing.
    mutating func object<Subject>(
        _ name: String, _ subject: Subject?, _ members: (inout JSONWriter, Subject) -> Void
    ) {
        guard let subject else { return null(name) }
        object(name) { members(&$0, subject) }
    }

    mutating func array<Element>(
        _ name: String, of elements: some Sequence<Element>, _ write: (inout JSONWriter, Element) -> Void
    ) {
        self.name(name)
        braces("[", "]") { writer in
            for element in elements { write(&writer, element) }
        }
    }

    // The halves of braces, for a document that isn't written in one go.

    mutating func beginObject() {
        separate()
        open("{")
    }

    mutating func beginObject(_ name: String) {
        self.name(name)
        open("{")
    }

    mutating func endObject() { close("}") }

    mutating func beginArray(_ name: String) {
        self.name(name)
        open("[")
    }

    mutating func endArray() { close("]") }

    mutating func strings(_ name: String, _ values: some Sequence<String>) {
        array(name, of: values) { $0.element($1) }
    }

    mutating func string(_ name: String, _ value: String?) {
        guard let value else { return null(name) }
        self.name(name)
        quote(value)
    }

    mutating func integer(_ name: String, _ value: Int?) {
        guard let value else { return null(name) }
        self.name(name)
        bytes.append(decimal: value)
    }

    mutating func bool(_ name: String, _ value: Bool?) {
        guard let value else { return null(name) }
        self.name(name)
        bytes.append(text: value ? "true" : "false")
    }

    mutating func time(_ name: String, _ value: Date?) {
        guard let value else { return null(name) }
        self.name(name)
        bytes.append(UInt8(ascii: "\""))
        bytes.append(timestamp: value)
        bytes.append(UInt8(ascii: "\""))
    }

    mutating func seconds(_ name: String, _ value: Duration?) {
        guard let value else { return null(name) }
        self.name(name)
        bytes.append(number: value.seconds)
    }

    private mutating func null(_ name: String) {
        self.name(name)
        bytes.append(text: "null")
    }

    private mutating func element(_ value: String) {
        separate()
        quote(value)
    }

    private mutating func name(_ name: String) {
        separate()
        quote(name)
        bytes.append(UInt8(ascii: ":"))
    }

    private mutating func separate() {
        if !isFirst { bytes.append(UInt8(ascii: ",")) }
        isFirst = false
    }

    private mutating func braces(
        _ open: Unicode.Scalar, _ close: Unicode.Scalar, _ content: (inout JSONWriter) -> Void
    ) {
        self.open(open)
        content(&self)
        self.close(close)
    }

    private mutating func open(_ brace: Unicode.Scalar) {
        bytes.append(UInt8(ascii: brace))
        isFirst = true
    }

    private mutating func close(_ brace: Unicode.Scalar) {
        isFirst = false
        bytes.append(UInt8(ascii: brace))
    }

    /// Escapes what RFC 8259 section 7 demands, and nothing else.
    private mutating func quote(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""): bytes.append(text: "\\\"")
            case UInt8(ascii: "\\"): bytes.append(text: "\\\\")
            case 0x0A: bytes.append(text: "\\n")
            case 0x0D: bytes.append(text: "\\r")
            case 0x09: bytes.append(text: "\\t")
            case 0..<0x20:
                bytes.append(text: "\\u00")
                bytes.append(Self.hexDigits[Int(byte >> 4)])
                bytes.append(Self.hexDigits[Int(byte & 15)])
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private static let hexDigits = Array("0123456789abcdef".utf8)
}
