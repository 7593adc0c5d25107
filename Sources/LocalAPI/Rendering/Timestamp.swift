import FoundationEssentials
import Notation

extension [UInt8] {
    /// Appends a point in time as RFC 3339 has it, in UTC and to the second: `2026-11-23T09:30:00Z`. What lies
    /// outside the years 1 to 9999 is moved to their edge.
    mutating func append(timestamp: Date) {
        let earliest = -62_135_596_800.0
        let latest = 253_402_300_799.0
        let seconds = Int(
            Swift.min(Swift.max(timestamp.timeIntervalSince1970.rounded(.down), earliest), latest))
        let civil = CivilTime(secondsSince1970: seconds)
        append(decimal: civil.year, width: 4)
        append(UInt8(ascii: "-"))
        append(decimal: civil.month, width: 2)
        append(UInt8(ascii: "-"))
        append(decimal: civil.day, width: 2)
        append(UInt8(ascii: "T"))
        append(decimal: civil.hour, width: 2)
        append(UInt8(ascii: ":"))
        append(decimal: civil.minute, width: 2)
        append(UInt8(ascii: ":"))
        append(decimal: civil.second, width: 2)
        append(UInt8(ascii: "Z"))
    }
}
