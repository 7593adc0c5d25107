import FoundationEssentials

extension [UInt8] {
    /// Appends a point in time as RFC 3339 has it, in UTC and to the second: `2026-11-23T09:30:00Z`. What lies
    /// outside the years 1 to 9999 is moved to their edge.
    mutating func append(timestamp: Date) {
        let earliest = -62_135_596_800.0
        let latest = 253_402_300_799.0
        let seconds = Int(
            Swift.min(Swift.max(timestamp.timeIntervalSince1970.rounded(.down), earliest), latest))
        let clock = (seconds % 86_400 + 86_400) % 86_400
        let (year, month, day) = gregorian((seconds - clock) / 86_400)
        append(decimal: year, width: 4)
        append(UInt8(ascii: "-"))
        append(decimal: month, width: 2)
        append(UInt8(ascii: "-"))
        append(decimal: day, width: 2)
        append(UInt8(ascii: "T"))
        append(decimal: clock / 3600, width: 2)
        append(UInt8(ascii: ":"))
        append(decimal: clock / 60 % 60, width: 2)
        append(UInt8(ascii: ":"))
        append(decimal: clock % 60, width: 2)
        append(UInt8(ascii: "Z"))
    }
}

/// The date of a number of days since 1970, counted in years that begin in March so that the leap day comes last.
private func gregorian(_ days: Int) -> (year: Int, month: Int, day: Int) {
    // The first of March of the year 0 comes before every date that is asked for.
    let since = days + 719_468
    let (era, dayOfEra) = since.quotientAndRemainder(dividingBy: 146_097)
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shifted = (5 * dayOfYear + 2) / 153
    let month = shifted < 10 ? shifted + 3 : shifted - 9
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shifted + 2) / 5 + 1)
}
