import POSIX

/// Text that is shown again and again: on a terminal in its place, as much of it as fits, elsewhere only when it has
/// changed.
struct LiveScreen {
    private var last: String?
    private var lastWindow: WindowSize?

    /// What is to be written so that the reader sees `text`, on a terminal of this size or, without one, in a stream.
    mutating func update(_ text: String, in window: WindowSize?) -> String {
        if text == last, window == lastWindow { return "" }
        let isFirst = last == nil
        let isResized = window != lastWindow
        last = text
        lastWindow = window
        guard let window else { return isFirst ? text : "\n" + text }
        // From the upper left corner, what is left of the last text behind each line and below removed.
        let lines = window.page(text).map { $0 + "\u{1B}[K\n" }
        return (isResized ? "\u{1B}[2J" : "") + "\u{1B}[H" + lines.joined() + "\u{1B}[J"
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
