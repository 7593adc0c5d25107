import FoundationEssentials
import Notation

/// What both renderers do to text, so that one event is always one line and says what it seems to say.
enum LogText {
    /// A value longer than this is cut: the output of a command must not crowd out the log.
    static let longest = 8192

    /// Appends `text` with what could break, forge or disguise a line replaced by `\n`-style and `\uXXXX`
    /// escapes, which mean the same in a logfmt string and in JSON.
    static func appendEscaped(_ text: String, to line: inout String) {
        var room = longest
        for scalar in text.unicodeScalars {
            guard room > 0 else {
                line += "…"
                return
            }
            room -= 1
            switch scalar {
            case "\"": line += "\\\""
            case "\\": line += "\\\\"
            case "\n": line += "\\n"
            case "\r": line += "\\r"
            case "\t": line += "\\t"
            case let scalar where isTreacherous(scalar): line += unicodeEscape(scalar)
            default: line.unicodeScalars.append(scalar)
            }
        }
    }

    /// Control characters (a terminal obeys some of them), line separators, and the marks that turn the
    /// direction of writing and so disguise a name.
    static func isTreacherous(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7F..<0xA0, 0x2028...0x202E, 0x2066...0x2069, 0x200E, 0x200F, 0xFEFF: true
        default: false
        }
    }

    /// All of these are in the basic plane.
    private static func unicodeEscape(_ scalar: Unicode.Scalar) -> String {
        let digits = String(scalar.value, radix: 16)
        return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    }

    /// Lines are found by their keys: they hold only what never needs a quote, and the three fixed ones stay
    /// unique.
    static func key(_ key: String) -> String {
        let clean = String(
            key.unicodeScalars.map { scalar -> Character in
                let isPlain =
                    scalar.isASCII && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar))
                return isPlain || scalar == "_" || scalar == "." || scalar == "-" ? Character(scalar) : "_"
            })
        return clean.isEmpty || ["time", "level", "msg"].contains(clean) ? clean + "_" : clean
    }

    /// RFC 3339, UTC, milliseconds: the time of a line.
    static func timestamp(_ date: Date) -> String {
        date.rfc3339WithMilliseconds
    }

    /// RFC 3339, UTC, seconds: a date in an attribute.
    static func date(_ date: Date) -> String { date.rfc3339 }

    /// As Go prints it: `1h2m3s`, `1.5s`, `250ms`, `0s`.
    static func duration(_ duration: Duration) -> String {
        let (signedSeconds, signedAttoseconds) = duration.components
        let isNegative = signedSeconds < 0 || signedAttoseconds < 0
        let seconds = signedSeconds.magnitude
        let nanoseconds = signedAttoseconds.magnitude / 1_000_000_000
        let sign = isNegative ? "-" : ""
        if seconds == 0 {
            switch nanoseconds {
            case 0: return "0s"
            case ..<1_000: return sign + "\(nanoseconds)ns"
            case ..<1_000_000: return sign + decimal(nanoseconds, per: 1_000) + "µs"
            case ..<1_000_000_000: return sign + decimal(nanoseconds, per: 1_000_000) + "ms"
            default: break
            }
        }
        let (hours, minutes) = (seconds / 3600, seconds / 60 % 60)
        let rest = decimal((seconds % 60) * 1_000_000_000 + nanoseconds, per: 1_000_000_000) + "s"
        if hours > 0 { return sign + "\(hours)h\(minutes)m" + rest }
        return sign + (minutes > 0 ? "\(minutes)m" : "") + rest
    }

    /// `value / unit` in decimals, without trailing zeros; `unit` is a power of ten.
    private static func decimal(_ value: UInt64, per unit: UInt64) -> String {
        let digits = String(unit + value % unit).dropFirst()
        let end = digits.lastIndex { $0 != "0" }
        guard let end else { return "\(value / unit)" }
        return "\(value / unit).\(digits[...end])"
    }
}
