import FoundationEssentials
import Notation
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
        if !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
            // More than fits is as good as for ever; whoever waits has a limit of their own.
            return .seconds(Int64(UInt32(text) ?? .max))
        }
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

    private static let days = ["Sun,", "Mon,", "Tue,", "Wed,", "Thu,", "Fri,", "Sat,"]

    /// Reads `Sun, 06 Nov 1994 08:49:37 GMT`; nil for anything else. Which day of the week it was isn't checked.
    static func parse(_ text: String) -> Date? {
        let words = text.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        guard words.count == 6, days.contains(words[0]), words[5] == "GMT",
            let month = months.firstIndex(of: words[2])
        else { return nil }
        let time = words[4].split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard time.count == 3,
            let day = number(words[1], digits: 2, in: 1...31),
            let year = number(words[3], digits: 4, in: 1970...9999),
            let hour = number(time[0], digits: 2, in: 0...23),
            let minute = number(time[1], digits: 2, in: 0...59),
            // Leap seconds have a sixtieth.
            let second = number(time[2], digits: 2, in: 0...60)
        else { return nil }
        let midnight = CivilTime(year: year, month: month + 1, day: day, hour: 0, minute: 0, second: 0)
            .secondsSince1970
        // There is no 31st of February: it would come back as a day in March.
        guard CivilTime(secondsSince1970: midnight).day == day else { return nil }
        return Date(timeIntervalSince1970: Double(midnight + hour * 3600 + minute * 60 + second))
    }

    private static func number(_ text: String, digits: Int, in range: ClosedRange<Int>) -> Int? {
        guard text.utf8.count == digits, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let number = Int(text), range.contains(number)
        else { return nil }
        return number
    }
}
