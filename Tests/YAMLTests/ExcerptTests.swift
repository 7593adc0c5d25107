import Testing
import YAML

@Suite struct ExcerptTests {
    private func excerpt(_ line: String, column: Int, concealing: [Range<Int>] = []) -> Excerpt {
        let source = SourceText(name: "t", bytes: Array("first\n\(line)\nlast".utf8))
        return source.excerpt(at: SourcePosition(line: 2, column: column), concealing: concealing)
    }

    @Test func `the caret stands below the place`() {
        #expect(excerpt("  key: value", column: 8).rendered == "2 |   key: value\n  |        ^")
        #expect(excerpt("äöü: x", column: 6).caretOffset == 5)
    }

    @Test func `concealed columns become one sign, and the caret stays in sight`() {
        #expect(
            excerpt("key: secret, x: 1", column: 14, concealing: [6..<12]).rendered
                == "2 | key: …, x: 1\n  |         ^")
        #expect(
            excerpt("key: secret", column: 9, concealing: [6..<Int.max]).rendered == "2 | key: …\n  |      ^")
        #expect(excerpt("secret", column: 1, concealing: [1..<Int.max]).text == "…")
        #expect(excerpt("ab", column: 3, concealing: [1..<2, 2..<3]).rendered == "2 | ……\n  |   ^")
    }

    @Test func `what could steer a terminal is replaced`() {
        #expect(excerpt("a\u{1B}[31m\tb\u{202E}c", column: 1).text == "a\u{FFFD}[31m b\u{FFFD}c")
    }

    @Test func `a long line is shown around its caret`() {
        let long = String(repeating: "a", count: 500) + "X" + String(repeating: "b", count: 500)
        let shown = excerpt(long, column: 501)
        #expect(shown.text.count < 110)
        #expect(Array(shown.text)[shown.caretOffset] == "X")
        #expect(shown.text.hasPrefix("…a") && shown.text.hasSuffix("b…"))
        let first = excerpt(long, column: 1)
        #expect(first.text.hasPrefix("aaa") && first.caretOffset == 0)
    }

    @Test func `a place outside the text is no trap`() {
        let source = SourceText(name: "t", bytes: Array("a\n".utf8))
        for position in [(0, 0), (1, 0), (1, 99), (2, 1), (3, 1), (Int.max, Int.max), (-1, -1)] {
            let excerpt = source.excerpt(at: SourcePosition(line: position.0, column: position.1))
            #expect(excerpt.caretOffset <= excerpt.text.count)
        }
    }
}
