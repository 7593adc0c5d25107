import FoundationEssentials
import Transfer

/// The `Retry-After` field of an answer (RFC 9110, 10.2.3).
enum RetryAfter {
    /// How long the other side asks us to wait; `nil` when it doesn't say or says something else.
    ///
    /// A date is taken relative to the answer's own `Date`, so that this host's clock plays no part.
    static func duration(in answer: Answer) -> Duration? {
        guard let value = answer.headers["Retry-After"] else { return nil }
        return duration(value, answeredAt: answer.headers["Date"])
    }

    static func duration(_ value: String, answeredAt date: String?) -> Duration? {
        let text = value.trimmed
        if let seconds = UInt32(text) { return .seconds(Int64(seconds)) }
        guard let until = HTTPDate.parse(text), let date, let now = HTTPDate.parse(date.trimmed) else {
            return nil
        }
        return .seconds(max(0, until.timeIntervalSince(now)))
    }
}

/// The date format of HTTP's header fields (RFC 9110, 5.6.7); only the current form, IMF-fixdate.
enum HTTPDate {
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// Reads `Sun, 06 Nov 1994 08:49:37 GMT`; nil for anything else.
    static func parse(_ text: String) -> Date? {
        let words = text.split(separator: " ", omittingEmptySubsequences: false)
        guard words.count == 6, words[0].hasSuffix(","), words[5] == "GMT",
            let day = Int(words[1]), let month = months.firstIndex(of: String(words[2])),
            let year = Int(words[3]),
            (1...31).contains(day), (1970...9999).contains(year)
        else { return nil }
        let time = words[4].split(separator: ":").compactMap { Int($0) }
        guard time.count == 3, (0..<24).contains(time[0]), (0..<60).contains(time[1]),
            (0...60).contains(time[2])
        else { return nil }
        let components = DateComponents(
            calendar: Calendar(identifier: .gregorian), timeZone: .gmt, year: year, month: month + 1,
            day: day,
            hour: time[0], minute: time[1], second: time[2])
        return components.date
    }
}
