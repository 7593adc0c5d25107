import FoundationEssentials
import Notation
import Testing

@Suite struct TimeTests {
    @Test func `every day of the calendar reads as FoundationEssentials writes it, and back`() throws {
        // Steps of 13 days and a bit meet each day of the year, leap days and turns of centuries.
        for seconds in stride(from: -62_135_596_800, through: 253_402_300_799, by: 13 * 86_400 + 12_347) {
            let date = Date(timeIntervalSince1970: Double(seconds))
            #expect(Date(rfc3339: date.rfc3339) == date)
            // Before, FoundationEssentials counts by Julius Caesar's calendar, which RFC 3339 doesn't.
            let isGregorian = seconds > -12_219_292_800
            if isGregorian, seconds % 50 == 0 { #expect(date.rfc3339 == date.formatted(.iso8601)) }
        }
    }

    static let written: [(seconds: Double, text: String)] = [
        (0, "1970-01-01T00:00:00.000Z"), (951_782_400.25, "2000-02-29T00:00:00.250Z"),
        (-0.5, "1969-12-31T23:59:59.500Z"), (1_795_426_199.9999, "2026-11-23T09:29:59.999Z"),
        (1_795_426_200.001, "2026-11-23T09:30:00.001Z"), (1e300, "9999-12-31T23:59:59.999Z"),
        (-1e300, "0001-01-01T00:00:00.000Z"), (.nan, "0001-01-01T00:00:00.000Z"),
    ]

    @Test(arguments: written)
    func `fractions are rounded down and the far ends bounded`(seconds: Double, text: String) {
        let date = Date(timeIntervalSince1970: seconds)
        #expect(date.rfc3339WithMilliseconds == text)
        #expect(date.rfc3339 == text.dropLast(5) + "Z")
    }

    @Test(arguments: [
        ("2026-11-23T09:30:00Z", 1_795_426_200.0), ("2026-11-23t09:30:00z", 1_795_426_200),
        ("2026-11-23T10:30:00+01:00", 1_795_426_200), ("2026-11-23T04:00:00-05:30", 1_795_426_200),
        ("2026-11-23T09:30:00.5Z", 1_795_426_200.5),
    ])
    func `times in any zone are read`(text: String, seconds: Double) {
        #expect(Date(rfc3339: text)?.timeIntervalSince1970 == seconds)
    }

    @Test(arguments: [
        "", "2026-11-23", "2026-11-23T09:30:00", "2026-11-23 09:30:00Z", "2026-02-29T00:00:00Z",
        "2026-13-01T00:00:00Z", "2026-00-10T00:00:00Z", "2026-11-00T00:00:00Z", "2026-11-23T24:00:00Z",
        "2026-11-23T09:60:00Z", "2026-11-23T09:30:60Z", "2026-11-23T09:30:00.Z", "2026-11-23T09:30:00Z ",
        "2026-11-23T09:30:00+24:00", "26-11-23T09:30:00Z", "2026-1-23T09:30:00Z", "２026-11-23T09:30:00Z",
    ])
    func `anything else is no time`(text: String) {
        #expect(Date(rfc3339: text) == nil)
    }
}
