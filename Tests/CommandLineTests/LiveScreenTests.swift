import POSIX
import Testing

@testable import certplane_agent

@Suite struct LiveScreenTests {
    private let window = WindowSize(columns: 20, rows: 5)

    @Test func `into a stream goes what has changed, whole`() {
        var screen = LiveScreen()
        let long = String(repeating: "x", count: 200) + "\n"
        #expect(screen.update(long, in: nil) == long)
        #expect(screen.update(long, in: nil) == "")
        #expect(screen.update("b\n", in: nil) == "\nb\n")
    }

    @Test func `a terminal shows what fits, and says how much more there is`() {
        var screen = LiveScreen()
        let text = (1...9).map { "line \($0)\n" }.joined()
        let shown = screen.update(text, in: window)
        #expect(shown.hasPrefix("\u{1B}[2J\u{1B}[Hline 1\u{1B}[K\n") && shown.hasSuffix("\n\u{1B}[J"))
        #expect(shown.contains("line 3\u{1B}[K\n… and 6 more lines\u{1B}[K\n"))
        #expect(!shown.contains("line 4"))
        #expect(shown.filter { $0 == "\n" }.count == window.rows - 1, "one more would scroll")
        #expect(screen.update(text, in: window) == "")
        let larger = screen.update(text, in: WindowSize(columns: 20, rows: 10))
        #expect(larger.hasPrefix("\u{1B}[2J") && larger.contains("line 9"))
        #expect(
            screen.update("a\nb\n", in: WindowSize(columns: 20, rows: 10))
                == "\u{1B}[Ha\u{1B}[K\nb\u{1B}[K\n\u{1B}[J")
    }

    @Test(arguments: [
        ("short", "short"), ("exactly 19 columns.", "exactly 19 columns."),
        ("exactly 20 columns..", "exactly 20 columns…"), ("ünï ünï ünï ünï ünï", "ünï ünï ünï ünï ünï"),
        ("漢字漢字漢字漢字漢", "漢字漢字漢字漢字漢"), ("漢字漢字漢字漢字漢字", "漢字漢字漢字漢字漢…"),
        ("🔑🔑🔑🔑🔑🔑🔑🔑🔑🔑🔑", "🔑🔑🔑🔑🔑🔑🔑🔑🔑…"), ("", ""),
    ])
    func `a row is cut where the terminal ends`(line: String, row: String) {
        #expect(window.row(line) == row)
    }

    @Test func `a stream that is no terminal has no size`() {
        if !StandardStream.output.isTerminal { #expect(StandardStream.output.windowSize == nil) }
    }
}
