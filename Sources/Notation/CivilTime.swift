/// A point in time as the Gregorian calendar and a clock at Greenwich show it, to the second.
public struct CivilTime: Hashable, Sendable {
    public var year: Int
    /// From 1.
    public var month: Int
    /// From 1.
    public var day: Int
    public var hour: Int
    public var minute: Int
    public var second: Int

    public init(year: Int, month: Int, day: Int, hour: Int, minute: Int, second: Int) {
        self.year = year
        self.month = month
        self.day = day
        self.hour = hour
        self.minute = minute
        self.second = second
    }

    // Both ways years begin in March, so that the leap day comes last, and are counted in eras of 400 years, which
    // all have the same length. 719,468 days lie between 1 March of the year 0 and 1 January 1970.

    /// What is shown so many seconds after 1970 began, for the years 0 to 9999.
    public init(secondsSince1970 seconds: Int) {
        let clock = (seconds % 86_400 + 86_400) % 86_400
        let (era, dayOfEra) = ((seconds - clock) / 86_400 + 719_468).quotientAndRemainder(dividingBy: 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        month = shifted < 10 ? shifted + 3 : shifted - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        day = dayOfYear - (153 * shifted + 2) / 5 + 1
        hour = clock / 3600
        minute = clock / 60 % 60
        second = clock % 60
    }

    /// Seconds since 1970 began. A part that is too large for its place counts on: 31 April is 1 May.
    public var secondsSince1970: Int {
        let (era, yearOfEra) = (month <= 2 ? year - 1 : year).quotientAndRemainder(dividingBy: 400)
        let dayOfYear = (153 * (month <= 2 ? month + 9 : month - 3) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        let days = era * 146_097 + dayOfEra - 719_468
        return days * 86_400 + hour * 3600 + minute * 60 + second
    }
}
