import YAML

/// Scalars to values. Each function answers nil after a complaint.
extension Field {
    /// A text with something in it besides white space.
    func word() -> String? {
        guard let text = text() else { return nil }
        if text.allSatisfy(\.isWhitespace) {
            return reject("the value is blank", hint: "Write a value after the colon.")
        }
        return text
    }

    /// One of the raw values of `Choice`, spelt exactly.
    func choice<Choice: RawRepresentable & CaseIterable>() -> Choice? where Choice.RawValue == String {
        guard let text = text() else { return nil }
        if let choice = Choice(rawValue: text) { return choice }
        let words = Choice.allCases.map(\.rawValue)
        let message = "\(quoted(text)) is not one of \(words.joined(separator: ", "))"
        if let meant = Suggestion.nearest(to: text, among: words) {
            return reject(message, hint: "Did you mean \(meant)?")
        }
        return reject(message, hint: words.count == 1 ? "Use \(words[0])." : "Use one of these words.")
    }

    /// `true` or `false`, or the words of YAML 1.1, without quotes.
    func flag() -> Bool? {
        guard let scalar = scalar() else { return nil }
        switch scalar.style == .plain ? scalar.text : "" {
        case "true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON": return true
        case "false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF": return false
        default: return reject("this must be true or false", hint: "Write true or false, without quotes.")
        }
    }

    /// A decimal number without quotes.
    func number(in range: ClosedRange<Int>) -> Int? {
        guard let scalar = scalar() else { return nil }
        let isDecimal = scalar.text.utf8.allSatisfy { (0x30...0x39).contains($0) }
        let isOctal = scalar.text.utf8.count > 1 && scalar.text.hasPrefix("0")
        if scalar.style == .plain, isDecimal, !isOctal, let number = Int(scalar.text), range.contains(number)
        {
            return number
        }
        return reject(
            "this must be a whole number from \(range.lowerBound) to \(range.upperBound)",
            hint: "Write it in decimal digits, without quotes.")
    }

    /// A positive duration; zero means "unset" and is nil without a complaint.
    func duration() -> Duration? {
        guard let scalar = scalar() else { return nil }
        let example = "Write a number with a unit, like 30s, 10m, 1h30m or 720h."
        if scalar.style == .plain, scalar.text.utf8.allSatisfy({ !Self.isLetter($0) }) {
            return reject("a duration needs a unit", hint: example)
        }
        do throws(DurationText.Problem) {
            let duration = try DurationText.parse(scalar.text)
            if duration < .zero {
                return reject(
                    "a duration can't be negative", hint: "Remove the minus sign, or the key for the default."
                )
            }
            return duration == .zero ? nil : duration
        } catch {
            switch error {
            case .notADuration: return reject("\(quoted(scalar.text)) is not a duration", hint: example)
            case .missingUnit: return reject("a duration needs a unit", hint: example)
            case .unknownUnit(let unit):
                return reject("\(quoted(unit)) is not a unit of time", hint: "Use ns, us, ms, s, m, h or d.")
            case .overflow:
                return reject("the duration is too long", hint: "The longest is about 292 years.")
            }
        }
    }

    /// Permission bits in octal, as chmod takes them: `0640`, quoted or not, or `0o640`.
    func mode() -> UInt32? {
        guard let text = text() else { return nil }
        let digits = text.hasPrefix("0o") ? text.dropFirst(2) : text.hasPrefix("0") ? text.dropFirst() : ""
        guard digits.utf8.count == 3, digits.utf8.allSatisfy({ (0x30...0x37).contains($0) }),
            let mode = UInt32(digits, radix: 8)
        else {
            return reject(
                "\(quoted(text)) is not a file mode", hint: "Write four octal digits, like \"0640\".")
        }
        if mode & 0o400 == 0 {
            return reject("the owner could not read the file", hint: "Use a mode like \"0600\" or \"0640\".")
        }
        if mode & 0o002 != 0 {
            return reject("everyone could write the file", hint: "Use a mode like \"0640\" or \"0644\".")
        }
        return mode
    }

    /// The name or number of a user or group.
    func account() -> String? {
        guard let name = word() else { return nil }
        let isOdd = name.contains { $0.isWhitespace || $0 == ":" || $0 == "/" || $0 == "," }
        if isOdd || name.hasPrefix("-") {
            return reject(
                "\(quoted(name)) is no user or group name", hint: "Write one name or number, like www-data.")
        }
        return name
    }

    /// For a message: quoted, and cut where it is long.
    func quoted(_ text: String) -> String {
        text.count > 60 ? "\"\(String(text.prefix(60)).printable)…\"" : "\"\(text.printable)\""
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (0x41...0x5A).contains(byte & 0xDF) || byte >= 0x80
    }
}
