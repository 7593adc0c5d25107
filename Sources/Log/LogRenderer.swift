import FoundationEssentials

extension LogRecord {
    /// The record as one line, with its line feed. Pure: the same record gives the same line.
    public func line(as format: LogFormat) -> String {
        switch format {
        case .text: logfmt()
        case .json: json()
        }
    }

    private func logfmt() -> String {
        var line = ""
        if let time { line += "time=\(LogText.timestamp(time)) " }
        line += "level=\(level.label) msg="
        appendLogfmt(message, to: &line)
        for pair in attributes.pairs {
            line += " \(LogText.key(pair.key))="
            appendLogfmt(pair.value.text, to: &line)
        }
        return line + "\n"
    }

    private func json() -> String {
        var line = "{"
        if let time { line += "\"time\":\"\(LogText.timestamp(time))\"," }
        line += "\"level\":\"\(level.label)\",\"msg\":"
        appendJSON(message, to: &line)
        var seen: Set<String> = []
        for pair in attributes.pairs {
            let key = LogText.key(pair.key)
            // A repeated name leaves an object's meaning open (RFC 8259, section 4).
            guard seen.insert(key).inserted else { continue }
            line += ",\"\(key)\":"
            switch pair.value {
            case .int, .bool: line += pair.value.text
            case .double(let number) where number.isFinite: line += pair.value.text
            case .list(let texts):
                line += "["
                for (index, text) in texts.enumerated() {
                    if index > 0 { line += "," }
                    appendJSON(text, to: &line)
                }
                line += "]"
            case .string, .double, .date, .duration: appendJSON(pair.value.text, to: &line)
            }
        }
        return line + "}\n"
    }
}

extension LogValue {
    /// The value as it stands in a logfmt line, before quoting.
    var text: String {
        switch self {
        case .string(let text): text
        case .int(let number): "\(number)"
        case .double(let number): "\(number)"
        case .bool(let claim): claim ? "true" : "false"
        case .date(let date): LogText.date(date)
        case .duration(let duration): LogText.duration(duration)
        case .list(let texts): "[\(texts.joined(separator: " "))]"
        }
    }
}

private func appendJSON(_ text: String, to line: inout String) {
    line += "\""
    LogText.appendEscaped(text, to: &line)
    line += "\""
}

/// Quoted only where it must be: a space, a quote, an equals sign, a backslash, anything that needs an
/// escape.
private func appendLogfmt(_ text: String, to line: inout String) {
    let isPlain = text.unicodeScalars.allSatisfy {
        $0 != " " && $0 != "\"" && $0 != "=" && $0 != "\\" && !LogText.isTreacherous($0)
    }
    if isPlain && !text.isEmpty && text.unicodeScalars.count <= LogText.longest {
        line += text
    } else {
        appendJSON(text, to: &line)
    }
}
