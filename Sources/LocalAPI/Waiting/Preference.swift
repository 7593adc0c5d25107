import HTTP

/// The one preference of RFC 7240 that is honoured here: `wait`, in seconds.
struct Preference: Sendable {
    /// A longer wish is met for this long.
    static let longestWait = 300

    let seconds: Int

    var duration: Duration { .seconds(seconds) }

    /// Says in the answer what was honoured.
    var field: Field { Field("Preference-Applied", "wait=\(seconds)") }

    /// Nil without the preference, and for one that makes no sense: preferences are wishes, not demands. Of several
    /// the first counts (RFC 7240 section 2).
    init?(_ request: Request) {
        for value in request.fields.values("prefer") {
            for preference in Self.parts(of: value) {
                guard let wait = Self.wait(preference) else { continue }
                guard !wait.isEmpty, wait.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
                // More digits than a number holds are a very long wait.
                seconds = min(Int(wait) ?? Self.longestWait, Self.longestWait)
                return
            }
        }
        return nil
    }

    /// What commas separate; those in quotes, where a backslash takes the next character's meaning, don't (RFC 9110
    /// section 5.6).
    private static func parts(of value: String) -> [Substring] {
        var isQuoted = false
        var isEscaped = false
        return value.split { character in
            defer { isEscaped = isQuoted && character == "\\" && !isEscaped }
            if character == "\"", !isEscaped { isQuoted.toggle() }
            return character == "," && !isQuoted
        }
    }

    /// The value of `wait = "5"; parameters`, without its quotes; nil for another preference.
    private static func wait(_ preference: Substring) -> Substring? {
        let parts = preference.prefix { $0 != ";" }.split(
            separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, trimmed(parts[0]).lowercased() == "wait" else { return nil }
        let value = trimmed(parts[1])
        guard value.count >= 2, value.hasPrefix("\""), value.hasSuffix("\"") else { return value }
        return value.dropFirst().dropLast()
    }

    private static func trimmed(_ text: Substring) -> Substring {
        let isSpace = { (character: Character) in character == " " || character == "\t" }
        var rest = text.drop(while: isSpace)
        while let last = rest.last, isSpace(last) { rest.removeLast() }
        return rest
    }
}
