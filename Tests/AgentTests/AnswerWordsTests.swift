import FoundationEssentials
import Lifecycle
import Testing

@testable import Agent

/// The words of other programs: dates, waits, messages.
@Suite struct AnswerWordsTests {
    private static let answeredAt = "Sun, 06 Nov 1994 08:49:37 GMT"

    @Test(arguments: [
        ("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777.0),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
        ("Tue, 29 Feb 2000 23:59:59 GMT", 951_868_799),
        ("Sat, 31 Dec 2016 23:59:60 GMT", 1_483_228_800),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 253_402_300_799),
    ])
    func `a date of a header field`(text: String, seconds: Double) {
        #expect(HTTPDate.parse(text) == Date(timeIntervalSince1970: seconds))
    }

    @Test(arguments: [
        "", "now", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
        "Sun, 6 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 8:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 UTC",
        "Sun, 06 Nov 1994 08:49 GMT", "Sun, 06 Nov 1994 08:x:49:37 GMT", "Sun, 06 Nov 1994 24:00:00 GMT",
        "Sun, 06 Nov 1994 08:60:00 GMT", "Sun, 06 Nov 1994 08:49:61 GMT", "Wed, 31 Feb 2024 08:49:37 GMT",
        "Thu, 29 Feb 1900 08:49:37 GMT", "Sun, +6 Nov 1994 08:49:37 GMT", "Sun, 06 nov 1994 08:49:37 GMT",
        "XXX, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 0094 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 GMT ",
        "Sun, 06  Nov 1994 08:49:37 GMT", "Sun, ٠٦ Nov 1994 08:49:37 GMT",
    ])
    func `what is no date is none`(text: String) {
        #expect(HTTPDate.parse(text) == nil)
    }

    static let waits: [(String, String?, Duration?)] = [
        ("0", nil, .zero),
        ("120", nil, .seconds(120)),
        (" 120\t", nil, .seconds(120)),
        ("4294967295", nil, .seconds(4_294_967_295)),
        // For ever, which whoever waits has a limit for.
        ("99999999999999999999", nil, .seconds(4_294_967_295)),
        ("Sun, 06 Nov 1994 08:50:37 GMT", answeredAt, .seconds(60)),
        ("Sun, 06 Nov 1994 08:49:00 GMT", answeredAt, .zero),
        // Without the server's own clock its date says nothing.
        ("Sun, 06 Nov 1994 08:50:37 GMT", nil, nil),
        ("Sun, 06 Nov 1994 08:50:37 GMT", "yesterday", nil),
        ("", nil, nil), ("-1", nil, nil), ("+5", nil, nil), ("1.5", nil, nil), ("soon", nil, nil),
        ("5s", nil, nil),
    ]

    @Test(arguments: waits)
    func `how long to wait`(value: String, date: String?, expected: Duration?) {
        #expect(RetryAfter.duration(value, answeredAt: date) == expected)
    }

    @Test(arguments: [
        ("plain words", 20, "plain words"),
        ("  a\r\nb\u{0}c\td \u{85}", 20, "a  b c d"),
        ("\u{202E}txet \u{2066}x\u{200B}\u{FEFF}", 20, "txet  x"),
        ("line\u{2028}line\u{A0}x", 20, "line line x"),
        ("exactly", 7, "exactly"), ("one more", 7, "one mor…"), ("", 5, ""), ("\u{1B}[2J", 9, "[2J"),
        ("Grüße ✓", 9, "Grüße ✓"),
    ])
    func `somebody else's text on one line`(text: String, limit: Int, expected: String) {
        #expect(Printable.line(text, limit: limit) == expected)
    }

    @Test func `a character with a thousand accents is not one character long`() {
        let heap = "e" + String(repeating: "\u{301}", count: 1000)
        #expect(Printable.line(heap, limit: 10).utf8.count < 40)
    }

    @Test func `the broker's words are taken from its JSON only`() {
        #expect(BrokerErrorBody.text(of: Array(#"{"error":"forbidden","x":1}"#.utf8)) == "forbidden")
        for body in ["", "forbidden", "{}", #"{"error":7}"#, "[]"] {
            #expect(BrokerErrorBody.text(of: Array(body.utf8)) == nil)
        }
    }
}
