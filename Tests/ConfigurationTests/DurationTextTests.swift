import Configuration
import Testing

@Suite struct DurationTextTests {
    static let accepted: [(String, Duration)] = [
        ("0", .zero), ("+0", .zero), ("-0", .zero), ("0s", .zero), ("-0s", .zero), ("0.0h", .zero),
        ("1ns", .nanoseconds(1)), ("11us", .microseconds(11)), ("12µs", .microseconds(12)),
        ("12\u{3BC}s", .microseconds(12)), ("13ms", .milliseconds(13)), ("14s", .seconds(14)),
        ("15m", .seconds(900)), ("720h", .seconds(2_592_000)), ("30d", .seconds(2_592_000)),
        ("1.5h", .seconds(5400)), (".5s", .milliseconds(500)), ("1.s", .seconds(1)), ("+5s", .seconds(5)),
        ("-5.5s", .milliseconds(-5500)), ("1h30m", .seconds(5400)), ("30m1h", .seconds(5400)),
        ("1h1h", .seconds(7200)), ("-2m3.4s", .milliseconds(-123_400)), ("1d12h", .seconds(129_600)),
        ("1h2m3s4ms5us6ns", .nanoseconds(3_723_004_005_006)), ("0.100000000000000000000h", .seconds(360)),
        ("0.3333333333333333333h", .seconds(1200)),
        ("9007199254.740993ms", .nanoseconds(9_007_199_254_740_993)),
        ("9223372036854775807ns", .nanoseconds(Int64.max)),
        ("9223372036.854775807s", .nanoseconds(Int64.max)),
        ("-9223372036854775808ns", .nanoseconds(Int64.min)),
        ("-9223372036s854775808ns", .nanoseconds(Int64.min)),
        ("0.9223372036854775807h", .nanoseconds(3_320_413_933_267)), ("1.0000000001s", .seconds(1)),
    ]

    @Test(arguments: accepted)
    func `Go's strings have Go's values`(text: String, value: Duration) throws {
        #expect(try DurationText.parse(text) == value)
    }

    static let refused: [(String, DurationText.Problem)] = [
        ("", .notADuration), ("-", .notADuration), ("+", .notADuration), ("s", .notADuration),
        (".", .notADuration), (".s", .notADuration), ("-.", .notADuration), ("+.s", .notADuration),
        ("--1s", .notADuration), (" 1s", .notADuration), ("3", .missingUnit), ("1.5", .missingUnit),
        ("00", .missingUnit), ("1s2", .missingUnit), ("1..5s", .missingUnit), ("1h-5m", .unknownUnit("h-")),
        ("1 s", .unknownUnit(" s")), ("1S", .unknownUnit("S")), ("1H", .unknownUnit("H")),
        ("3w", .unknownUnit("w")), ("3y", .unknownUnit("y")), ("1sec", .unknownUnit("sec")),
        ("1e3s", .unknownUnit("e")), ("0x1s", .unknownUnit("x")), ("1_000s", .unknownUnit("_")),
        ("1,5h", .unknownUnit(",")), ("1s\u{0}", .unknownUnit("s\u{0}")), ("infs", .notADuration),
        ("9223372036854775808ns", .overflow), ("9223372036854775.808us", .overflow),
        ("9223372036854ms775us808ns", .overflow), ("106752d", .overflow), ("3000000h", .overflow),
        ("99999999999999999999s", .overflow), ("-9223372036854775809ns", .overflow),
    ]

    @Test(arguments: refused)
    func `what Go refuses is refused`(text: String, problem: DurationText.Problem) {
        #expect(throws: problem) { try DurationText.parse(text) }
    }
}
