/// A line of logfmt: `time=… level=INFO msg="certificate installed" certificate=www`.
struct LogLine: Sendable {
    private(set) var fields: [String: String] = [:]

    /// Nil for a line of another kind.
    init?(_ line: String) {
        var rest = line[...]
        while let equals = rest.firstIndex(of: "=") {
            let key = String(rest[..<equals])
            rest = rest[rest.index(after: equals)...]
            fields[key] = rest.first == "\"" ? Self.takeQuoted(&rest) : Self.takePlain(&rest)
        }
        guard fields["msg"] != nil, fields["level"] != nil else { return nil }
    }

    subscript(key: String) -> String? { fields[key] }

    private static func takePlain(_ rest: inout Substring) -> String {
        let value = rest.prefix { $0 != " " }
        rest = rest[value.endIndex...].dropFirst()
        return String(value)
    }

    private static func takeQuoted(_ rest: inout Substring) -> String {
        var value = ""
        rest = rest.dropFirst()
        while let character = rest.popFirst(), character != "\"" {
            value.append(character == "\\" ? rest.popFirst() ?? character : character)
        }
        rest = rest.dropFirst()
        return value
    }
}

extension RunningProcess {
    /// The log's lines with this message and these fields, oldest first.
    func logged(_ message: String, _ fields: [String: String] = [:]) -> [LogLine] {
        lines.compactMap(LogLine.init).filter { line in
            line["msg"] == message && fields.allSatisfy { line[$0.key] == $0.value }
        }
    }
}
