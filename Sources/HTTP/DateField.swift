/// The Date field, rendered once a second (RFC 9110 section 5.6.7: `Sun, 06 Nov 1994 08:49:37 GMT`).
public struct DateField: Sendable {
    private var second = Int64.min
    private var rendered: [UInt8] = []

    public init() {}

    /// The value for a point in time given in whole seconds since 1970.
    public mutating func value(at second: Int64) -> [UInt8] {
        if second != self.second {
            self.second = second
            rendered = Self.render(second)
        }
        return rendered
    }

    private static func render(_ second: Int64) -> [UInt8] {
        let (days, clock) = second.quotientAndFloorRemainder(86_400)
        let (year, month, day) = civil(days)
        let weekday = weekdays[Int((days + 4).quotientAndFloorRemainder(7).remainder)]
        let hour = two(clock / 3600)
        let minute = two(clock / 60 % 60)
        return Array(
            "\(weekday), \(two(day)) \(months[Int(month) - 1]) \(year) \(hour):\(minute):\(two(clock % 60)) GMT"
                .utf8)
    }

    /// The Gregorian date of a number of days since 1970, counted in years that begin in March so that the leap
    /// day comes last.
    private static func civil(_ days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let (era, dayOfEra) = (days + 719_468).quotientAndFloorRemainder(146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * shifted + 2) / 5 + 1)
    }

    private static func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }

    private static let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
}

extension Int64 {
    /// Division that rounds down, so that the remainder is never negative.
    fileprivate func quotientAndFloorRemainder(_ divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}
