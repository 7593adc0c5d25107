import Notation

/// The Date field, rendered once a second (RFC 9110 section 5.6.7: `Sun, 06 Nov 1994 08:49:37 GMT`).
public struct DateField: Sendable {
    private var second = Int64.min

    public init() {}

    /// The value for a point in time given in whole seconds since 1970; nil if it is the same as that before.
    public mutating func newValue(at second: Int64) -> [UInt8]? {
        if second == self.second { return nil }
        self.second = second
        return Self.render(second)
    }

    private static func render(_ second: Int64) -> [UInt8] {
        let time = CivilTime(secondsSince1970: Int(second))
        let midnight = Int(second) - (time.hour * 3600 + time.minute * 60 + time.second)
        // 1970 began on a Thursday.
        let weekday = weekdays[((midnight / 86_400 + 4) % 7 + 7) % 7]
        let date = "\(weekday), \(two(time.day)) \(months[time.month - 1]) \(time.year)"
        return Array("\(date) \(two(time.hour)):\(two(time.minute)):\(two(time.second)) GMT".utf8)
    }

    private static func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }

    private static let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
}
