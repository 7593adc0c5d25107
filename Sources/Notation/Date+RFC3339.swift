public import FoundationEssentials

extension Date {
    /// In UTC and to the second, as RFC 3339 has it: `2026-11-23T09:30:00Z`.
    ///
    /// In place of FoundationEssentials' formatters, for their size. What lies outside the years 1 to 9999 is moved
    /// to their edge.
    public var rfc3339: String { CivilTime(secondsSince1970: boundedMilliseconds.seconds).text + "Z" }

    /// The same with milliseconds: `2026-11-23T09:30:00.250Z`.
    public var rfc3339WithMilliseconds: String {
        let (seconds, milliseconds) = boundedMilliseconds
        return "\(CivilTime(secondsSince1970: seconds).text).\(String(1000 + milliseconds).dropFirst())Z"
    }

    /// Rounded down, within the years 1 to 9999.
    private var boundedMilliseconds: (seconds: Int, milliseconds: Int) {
        let earliest = -62_135_596_800.0
        let latest = 253_402_300_800.0.nextDown
        let since1970 = timeIntervalSince1970
        let bounded = since1970 > earliest ? Swift.min(since1970, latest) : earliest
        let seconds = bounded.rounded(.down)
        // A time as a number of seconds is exact to about 0.1 µs: 0.25 must not become 249 ms.
        return (Int(seconds), Swift.min(Int((bounded - seconds) * 1000 + 0.001), 999))
    }
}

extension CivilTime {
    /// Without a zone.
    fileprivate var text: String {
        let date = "\(Self.digits(year, 4))-\(Self.digits(month, 2))-\(Self.digits(day, 2))"
        return "\(date)T\(Self.digits(hour, 2)):\(Self.digits(minute, 2)):\(Self.digits(second, 2))"
    }

    private static func digits(_ number: Int, _ width: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: Swift.max(0, width - text.utf8.count)) + text
    }
}
