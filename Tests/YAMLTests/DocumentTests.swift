import Testing
import YAML

@Suite struct DocumentTests {
    @Test func `scalars keep their text, style and place`() throws {
        let document = Document.of("a: one\nb:\n  - 'two'\n  - \"three\\n\"\n  - ~\n")
        #expect(document.problems.isEmpty)
        let entries = try #require(document.root?.entries)
        #expect(entries.map(\.key) == ["a", "b"])
        #expect(entries.map(\.keyStart.line) == [1, 2])
        #expect(entries[0].value.scalar == Scalar(text: "one", style: .plain))
        #expect(entries[0].value.start == SourcePosition(line: 1, column: 4))
        #expect(entries[0].value.end == SourcePosition(line: 1, column: 7))
        let items = try #require(entries[1].value.items)
        #expect(items.map(\.scalar?.text) == ["two", "three\n", "~"])
        #expect(items.map(\.scalar?.style) == [.quoted, .quoted, .plain])
        #expect(items.map(\.isNull) == [false, false, true])
        #expect(items[1].start == SourcePosition(line: 4, column: 5))
    }

    @Test(arguments: ["", "\n\n", "# only a comment\n", "%YAML 1.1\n---\n", "---\n", "\u{FEFF}"])
    func `a text without a value has no tree, or null`(text: String) {
        let document = Document.of(text)
        #expect(document.problems.isEmpty)
        #expect(document.root?.isNull ?? true)
    }

    @Test func `what follows the first document is not looked at`() throws {
        let document = Document.of("a: 1\n---\n*nothing {{{\n")
        #expect(document.problems.isEmpty)
        #expect(document.root?.entries?.count == 1)
    }

    @Test(arguments: ["\r\n", "\r", "\n", "\u{85}", "\u{2028}"])
    func `every line break of YAML counts as one line`(lineBreak: String) throws {
        let text = ["a: 1", "b: 2", "", "c: x: y"].joined(separator: lineBreak)
        let source = SourceText(name: "t", bytes: Array(text.utf8))
        let problem = try #require(Document(reading: source).problems.first)
        #expect(problem.position == SourcePosition(line: 4, column: 5))
        #expect(source.line(4) == "c: x: y")
        #expect(source.line(1) == "a: 1")
        #expect(source.lineCount == 4)
    }

    @Test func `a byte order mark and UTF-16 do not matter`() throws {
        let text = "a: grün\n"
        let little: [UInt8] =
            [0xFF, 0xFE] + text.utf16.flatMap { unit -> [UInt8] in [UInt8(unit & 0xFF), UInt8(unit >> 8)] }
        let big: [UInt8] =
            [0xFE, 0xFF] + text.utf16.flatMap { unit -> [UInt8] in [UInt8(unit >> 8), UInt8(unit & 0xFF)] }
        for bytes in [[0xEF, 0xBB, 0xBF] + Array(text.utf8), little, big, little + [0x00]] {
            let document = Document(reading: SourceText(name: "t", bytes: bytes))
            #expect(document.problems.isEmpty)
            let entry = try #require(document.root?.entries?.first)
            #expect(entry.value.scalar?.text == "grün")
            #expect(entry.keyStart == SourcePosition(line: 1, column: 1))
        }
    }

    @Test func `repeated keys, anchors, aliases and tags are all told, and the tree is there`() throws {
        let document = Document.of("a: &x 1\nb: *x\nc: !!int 3\na: 2\n\"a\": 3\n")
        #expect(document.problems.map(\.kind) == [.anchor, .alias, .tag, .duplicateKey, .duplicateKey])
        #expect(document.problems.map(\.position.line) == [1, 2, 3, 4, 5])
        #expect(document.problems.last?.message == "the key a is already set in line 1")
        #expect(document.root?.entries?.map(\.key) == ["a", "b", "c", "a", "a"])
    }

    @Test func `the tree belongs to the reader, not to libyaml`() throws {
        var roots: [Node] = []
        for number in 0..<50 { roots.append(try #require(Document.of("key: value \(number)").root)) }
        #expect(roots.compactMap { $0.entries?.first?.value.scalar?.text } == (0..<50).map { "value \($0)" })
    }
}

extension Document {
    static func of(_ text: String, limits: YAMLLimits = YAMLLimits()) -> Document {
        Document(reading: SourceText(name: "test.yml", bytes: Array(text.utf8)), limits: limits)
    }
}

extension Node {
    var entries: [Entry]? { if case .mapping(let entries) = content { entries } else { nil } }
    var items: [Node]? { if case .sequence(let items) = content { items } else { nil } }
    var scalar: Scalar? { if case .scalar(let scalar) = content { scalar } else { nil } }
}
