import POSIX

/// Words for a person on stderr that are no event: why a command failed, and what to do.
public enum ErrorText {
    /// Writes them, each line marked as an error where the journal reads.
    public static func write(_ text: String) {
        StandardStream.error.write(marked(text, forJournal: JournalStream.receives(.error)))
    }

    static func marked(_ text: String, forJournal: Bool) -> String {
        guard forJournal else { return text + "\n" }
        return text.split(separator: "\n").map { LogLevel.error.journalMark + $0 + "\n" }.joined()
    }
}
