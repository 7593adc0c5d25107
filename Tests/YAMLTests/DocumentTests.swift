import Testing
import YAML

@Suite struct DocumentTests {
    private func read(_ text: String) -> Document {
        Document(reading: SourceText(name: "test.yml", bytes: Array(text.utf8)))
    }

    @Test func `scalars keep their text, style and place`() throws {
        let document = read("a: one\nb:\n  - 'two'\n  - \"three\\n\"\n  - ~\n")
        #expect(document.problems.isEmpty)
        let entries = try #require(document.root?.entries)
        #expect(entries.map(\.key) == ["a", "b"])
        #expect(
            entries.map(\.keyStart) == [
                SourcePosition(line: 1, column: 1), SourcePosition(line: 2, column: 1),
            ])
        #expect(entries[0].value.scalar == Scalar(text: "one", style: .plain))
        #expect(entries[0].value.start == SourcePosition(line: 1, column: 4))
        let items = try #require(entries[1].value.items)
        #expect(items.map(\.scalar?.text) == ["two", "three\n", "~"])
        #expect(items.map(\.scalar?.style) == [.quoted, .quoted, .plain])
        #expect(items.map(\.isNull) == [false, false, true])
        #expect(items[1].start == SourcePosition(line: 4, column: 5))
    }
}

extension Node {
    var entries: [Entry]? { if case .mapping(let entries) = content { entries } else { nil } }
    var items: [Node]? { if case .sequence(let items) = content { items } else { nil } }
    var scalar: Scalar? { if case .scalar(let scalar) = content { scalar } else { nil } }
}
