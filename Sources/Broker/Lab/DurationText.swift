/// Durations as the broker's command line and policy write them: Go duration strings (`720h`, `1h30m`, `1.5h`,
/// `500ms`), with `d` for 24 hours besides.
public enum DurationText {
    /// The duration that `text` says, or nil when it is not one, is negative, or is longer than 292 years.
    public static func parse(_ text: String) -> Duration? {
        if text == "0" { return .zero }
        var rest = Array(text.utf8)[...]
        guard !rest.isEmpty else { return nil }
        var nanoseconds: Int64 = 0
        while !rest.isEmpty {
            guard let part = takePart(&rest) else { return nil }
            let (sum, overflow) = nanoseconds.addingReportingOverflow(part)
            if overflow { return nil }
            nanoseconds = sum
        }
        return .nanoseconds(nanoseconds)
    }

    /// `duration` in the largest Go unit that says it exactly: `720h`, `90m`, `1500ms`.
    public static func render(_ duration: Duration) -> String {
        let (seconds, attoseconds) = duration.components
        if attoseconds != 0 { return "\(seconds * 1000 + attoseconds / 1_000_000_000_000_000)ms" }
        for (unit, length) in [("h", Int64(3600)), ("m", 60)] where seconds != 0 && seconds % length == 0 {
            return "\(seconds / length)\(unit)"
        }
        return "\(seconds)s"
    }

    private static let units: [(name: [UInt8], nanoseconds: Int64)] = [
        (Array("ns".utf8), 1), (Array("us".utf8), 1_000), (Array("µs".utf8), 1_000),
        (Array("ms".utf8), 1_000_000), (Array("s".utf8), 1_000_000_000), (Array("m".utf8), 60_000_000_000),
        (Array("h".utf8), 3_600_000_000_000), (Array("d".utf8), 86_400_000_000_000),
    ]

    /// One `number unit` off the front of `rest`, in nanoseconds.
    private static func takePart(_ rest: inout ArraySlice<UInt8>) -> Int64? {
        let whole = takeDigits(&rest)
        var fraction: ArraySlice<UInt8> = []
        if rest.first == UInt8(ascii: ".") {
            rest.removeFirst()
            fraction = takeDigits(&rest)
        }
        guard !(whole.isEmpty && fraction.isEmpty) else { return nil }
        let name = rest.prefix { !isDigit($0) && $0 != UInt8(ascii: ".") }
        rest = rest[name.endIndex...]
        guard let unit = units.first(where: { $0.name.elementsEqual(name) }) else { return nil }
        var total: Int64 = 0
        for digit in whole {
            guard let grown = times(total, 10, plus: Int64(digit - UInt8(ascii: "0"))) else { return nil }
            total = grown
        }
        guard var nanoseconds = times(total, unit.nanoseconds, plus: 0) else { return nil }
        var place = unit.nanoseconds
        for digit in fraction {
            place /= 10
            let (sum, overflow) = nanoseconds.addingReportingOverflow(
                place * Int64(digit - UInt8(ascii: "0")))
            if overflow { return nil }
            nanoseconds = sum
        }
        return nanoseconds
    }

    private static func takeDigits(_ rest: inout ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let digits = rest.prefix(while: isDigit)
        rest = rest[digits.endIndex...]
        return digits
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    private static func times(_ left: Int64, _ right: Int64, plus more: Int64) -> Int64? {
        let (product, overflow) = left.multipliedReportingOverflow(by: right)
        if overflow { return nil }
        let (sum, spilled) = product.addingReportingOverflow(more)
        return spilled ? nil : sum
    }
}
