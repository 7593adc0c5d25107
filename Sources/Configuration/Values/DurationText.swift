/// Go's duration strings: `720h`, `1h30m`, `1.5h`, `250ms`. The grammar and the rounding are those of Go's
/// `time.ParseDuration`, and `d` for 24 hours is understood in addition.
public enum DurationText {
    /// Why a text is no duration.
    public enum Problem: Error, Sendable, Hashable {
        case notADuration
        case missingUnit
        case unknownUnit(String)
        /// More than 2^63 - 1 nanoseconds, about 292 years.
        case overflow
    }

    /// The value of a duration string, which may carry a sign.
    public static func parse(_ text: String) throws(Problem) -> Duration {
        var rest = Array(text.utf8)[...]
        let isNegative = rest.first == UInt8(ascii: "-")
        if isNegative || rest.first == UInt8(ascii: "+") { rest = rest.dropFirst() }
        if rest.elementsEqual("0".utf8) { return .zero }
        guard !rest.isEmpty else { throw .notADuration }
        var total: UInt64 = 0
        while !rest.isEmpty {
            let (sum, overflows) = try total.addingReportingOverflow(term(&rest))
            guard !overflows, sum <= limit else { throw .overflow }
            total = sum
        }
        if isNegative { return .nanoseconds(Int64(truncatingIfNeeded: 0 &- total)) }
        guard total < limit else { throw .overflow }
        return .nanoseconds(Int64(total))
    }

    /// The magnitude of the smallest 64-bit integer.
    private static let limit: UInt64 = 1 << 63

    private static let nanosecondsPerUnit: [String: UInt64] = [
        "ns": 1,
        "us": 1_000,
        "\u{B5}s": 1_000,  // micro sign
        "\u{3BC}s": 1_000,  // Greek letter mu
        "ms": 1_000_000,
        "s": 1_000_000_000,
        "m": 60_000_000_000,
        "h": 3_600_000_000_000,
        "d": 86_400_000_000_000,
    ]

    /// One number with its unit, in nanoseconds.
    private static func term(_ rest: inout ArraySlice<UInt8>) throws(Problem) -> UInt64 {
        guard let first = rest.first, isDigit(first) || first == point else { throw .notADuration }
        let wholeDigits = takeDigits(&rest)
        var fractionDigits: ArraySlice<UInt8> = []
        if rest.first == point {
            rest = rest.dropFirst()
            fractionDigits = takeDigits(&rest)
        }
        guard !wholeDigits.isEmpty || !fractionDigits.isEmpty else { throw .notADuration }
        let unit = try unit(&rest)

        let (whole, overflows) = try integer(wholeDigits).multipliedReportingOverflow(by: unit)
        guard !overflows, whole <= limit else { throw .overflow }
        let (sum, sumOverflows) = whole.addingReportingOverflow(fraction(fractionDigits, of: unit))
        guard !sumOverflows, sum <= limit else { throw .overflow }
        return sum
    }

    private static func unit(_ rest: inout ArraySlice<UInt8>) throws(Problem) -> UInt64 {
        let name = rest.prefix { !isDigit($0) && $0 != point }
        rest = rest[name.endIndex...]
        guard !name.isEmpty else { throw .missingUnit }
        let text = String(decoding: name, as: UTF8.self)
        guard let unit = nanosecondsPerUnit[text] else { throw .unknownUnit(text) }
        return unit
    }

    private static func integer(_ digits: ArraySlice<UInt8>) throws(Problem) -> UInt64 {
        var value: UInt64 = 0
        for digit in digits {
            guard value <= limit / 10 else { throw .overflow }
            value = value * 10 + UInt64(digit - UInt8(ascii: "0"))
            guard value <= limit else { throw .overflow }
        }
        return value
    }

    /// Digits beyond what 63 bits hold are dropped, as Go drops them.
    private static func fraction(_ digits: ArraySlice<UInt8>, of unit: UInt64) -> UInt64 {
        var value: UInt64 = 0
        var scale = 1.0
        for digit in digits {
            guard value <= (limit - 1) / 10 else { break }
            let next = value * 10 + UInt64(digit - UInt8(ascii: "0"))
            guard next <= limit else { break }
            value = next
            scale *= 10
        }
        return UInt64(Double(value) * (Double(unit) / scale))
    }

    private static let point = UInt8(ascii: ".")

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

    private static func takeDigits(_ rest: inout ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let digits = rest.prefix(while: isDigit)
        rest = rest[digits.endIndex...]
        return digits
    }
}
