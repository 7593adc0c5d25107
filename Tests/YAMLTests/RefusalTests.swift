import Testing
import YAML

/// Texts that can't be read at all: each ends in one problem that says where and why.
@Suite struct RefusalTests {
    private static func at(_ line: Int, _ column: Int) -> SourcePosition {
        SourcePosition(line: line, column: column)
    }

    static let syntax: [(String, SourcePosition, String)] = [
        (
            "a: \"b\n", at(2, 1),
            "found unexpected end of stream while scanning a quoted scalar that began in line 1"
        ),
        (
            "a: [b, c\n", at(2, 1),
            "did not find expected ',' or ']' while parsing a flow sequence that began in line 1"
        ),
        (
            "a:\n\tb: 1\n", at(2, 1),
            "found character that cannot start any token while scanning for the next token"
        ),
        ("a: b: c\n", at(1, 5), "mapping values are not allowed in this context"),
        ("a: 1\n b: 2\n", at(2, 3), "mapping values are not allowed in this context"),
        (
            "a: @b\n", at(1, 4),
            "found character that cannot start any token while scanning for the next token"
        ),
        ("a: \"\\y\"\n", at(1, 5), "found unknown escape character while parsing a quoted scalar"),
        (
            "- a\nb: 1\n", at(2, 1),
            "did not find expected '-' indicator while parsing a block collection that began in line 1"
        ),
        (
            "a: 1\n}\n", at(2, 1),
            "did not find expected key while parsing a block mapping that began in line 1"
        ),
    ]

    @Test(arguments: syntax)
    func `a mistake is told with its place`(text: String, place: SourcePosition, message: String) throws {
        let document = Document.of(text)
        #expect(document.root == nil)
        let problem = try #require(document.problems.first)
        #expect(problem.kind == .syntax)
        #expect(problem.position == place)
        #expect(problem.message == message)
        #expect(!problem.hint.isEmpty)
    }

    @Test(arguments: ["? [a]\n: b\n", "{[a]: b}\n", "? {a: b}\n: c\n", "*a : b\n"])
    func `only words are keys`(text: String) {
        #expect(Document.of(text).problems.last?.kind == .complexKey)
        #expect(Document.of(text).root == nil)
    }

    static let bytes: [([UInt8], SourcePosition)] = [
        (Array("a: gr".utf8) + [0xFC] + Array("n\n".utf8), at(1, 6)),  // Latin-1
        (Array("ä: 1\nb: ".utf8) + [0xC3, 0x28], at(2, 5)),  // a truncated sequence
        (Array("a: b".utf8) + [0xE2, 0x82], at(1, 5)),
        (Array("a: ".utf8) + [0xC0, 0x80], at(1, 4)),  // overlong
        (Array("a: ".utf8) + [0xED, 0xA0, 0x80], at(1, 4)),  // a surrogate
        (Array("a: b\0c\n".utf8), at(1, 5)), (Array("a: 1\nb: \u{1B}[31m\n".utf8), at(2, 4)),
        ([0x00], at(1, 1)), (Array(repeating: 0xFF, count: 5), at(1, 1)),
    ]

    @Test(arguments: bytes)
    func `what is no text is told with its place`(bytes: [UInt8], place: SourcePosition) throws {
        let document = Document(reading: SourceText(name: "t", bytes: bytes))
        #expect(document.root == nil)
        let problem = try #require(document.problems.first)
        #expect(problem.position == place, "\(problem.message)")
    }
}

/// Documents that cost more than they say.
@Suite struct LimitTests {
    @Test func `a bomb of aliases never grows`() throws {
        var text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
        for level in 1..<20 {
            let names = Array(repeating: "*a\(level - 1)", count: 9).joined(separator: ", ")
            text += "a\(level): &a\(level) [\(names)]\n"
        }
        let document = Document.of(text)
        #expect(document.problems.count == 100)
        #expect(document.problems.contains { $0.kind == .alias })
    }

    @Test func `an alias to itself is one problem`() {
        #expect(Document.of("a: &a [*a]").problems.map(\.kind) == [.anchor, .alias])
    }

    @Test(arguments: ["[", "{a: ", "- ", "? "])
    func `deep nesting is refused before it costs the stack`(opening: String) {
        let document = Document.of(String(repeating: opening, count: 100_000))
        #expect(document.root == nil)
        #expect(document.problems.last?.kind == .tooDeep)
    }

    @Test func `nesting up to the limit is read`() {
        let text = String(repeating: "[", count: 32) + String(repeating: "]", count: 32)
        #expect(Document.of(text).problems.isEmpty)
        #expect(Document.of("[\(text)]").problems.map(\.kind) == [.tooDeep])
    }

    @Test func `five megabytes are refused unread`() {
        let document = Document.of("a: 1\n" + String(repeating: "#", count: 5 << 20))
        #expect(document.root == nil)
        #expect(document.problems.map(\.kind) == [.tooLarge])
    }

    @Test func `the number of values is limited`() {
        var limits = YAMLLimits()
        limits.nodes = 10
        #expect(Document.of("[1, 2, 3, 4, 5, 6, 7, 8, 9]", limits: limits).problems.isEmpty)
        #expect(
            Document.of("[1, 2, 3, 4, 5, 6, 7, 8, 9, 0]", limits: limits).problems.map(\.kind) == [
                .tooManyNodes
            ])
    }
}
