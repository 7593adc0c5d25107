import POSIX

/// Text that is shown again and again: on a terminal in its place, into a pipe only when it has changed.
final class LiveScreen {
    private var last: String?
    private let isTerminal = StandardStream.output.isTerminal

    func show(_ text: String) {
        if text == last { return }
        if isTerminal {
            // From the upper left corner, what is left of the last text behind each line and below removed.
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
            let start = last == nil ? "\u{1B}[2J" : ""
            StandardStream.output.write(
                start + "\u{1B}[H" + lines.joined(separator: "\u{1B}[K\n") + "\u{1B}[J")
        } else {
            StandardStream.output.write(last == nil ? text : "\n" + text)
        }
        last = text
    }
}

/// Waiting between two looks. A signal ends the process meanwhile.
enum Pause {
    /// Always true, for the end of a loop.
    static func wait(_ duration: Duration) -> Bool {
        guard let bell = try? Bell() else { return false }
        _ = bell.wait(until: Clock.boottime() + duration)
        return true
    }
}
