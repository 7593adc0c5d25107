import Testing

@testable import Lifecycle

/// A failure's words come from brokers, authorities and files, and go to logs, terminals and the API.
@Suite struct FailureTextTests {
    private func detail(_ said: String) -> String {
        RenewalFailure(stage: .order, .brokerError, detail: said).detail
    }

    @Test func `what could steer a terminal or end a line is blank`() {
        #expect(detail("red \u{1B}[31m\r\nmsg=forged\u{9B}2J") == "red  [31m  msg=forged 2J")
        #expect(detail("name\u{202E}txt.exe\u{2028}next") == "name txt.exe next")
    }

    @Test func `words without end are cut, be they one character with a thousand accents`() {
        #expect(detail(String(repeating: "x", count: 1 << 20)).unicodeScalars.count <= 2000)
        #expect(detail("e" + String(repeating: "\u{301}", count: 1 << 20)).unicodeScalars.count <= 2000)
    }

    @Test func `a plain sentence stays as it is`() {
        #expect(detail("the broker answered 502: “größer”") == "the broker answered 502: “größer”")
    }
}
