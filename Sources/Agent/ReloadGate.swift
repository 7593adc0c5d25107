import POSIX

/// Keeps the starts of reload commands apart from the sections in which sets of files change, so that no service is
/// made to read a set that is half changed.
///
/// No command starts while any section is open, and none opens while a command is being started. A command that runs
/// holds up nothing but the sections of its own service's files, and these no longer than a service takes to read them:
/// one that hangs is nobody else's concern. Nor is a section that hangs, in a directory that doesn't answer, the concern of
/// another service than its own.
final class ReloadGate: Sendable {
    private let passages = Monitor(Passages())
    private let readingTime: Duration
    /// A section is a few calls; what takes longer hangs.
    private let sectionTime: Duration

    /// `readingTime` is how long after its start a command keeps its own service's files from changing, unless it
    /// ends before: a service reads its files at the beginning of a reload.
    init(readingTime: Duration = .seconds(2), sectionTime: Duration = .seconds(10)) {
        self.readingTime = readingTime
        self.sectionTime = sectionTime
    }

    /// Runs `body`, in which files change that the service of `command` reads; `nil` if nobody is told of them, or whoever
    /// runs the command sees to it. Not to be called from inside itself or `run`.
    func withSection<Answer: ~Copyable, Failure: Error>(
        of command: String?, _ body: () throws(Failure) -> Answer
    ) throws(Failure) -> Answer {
        let number = openSection(of: command)
        defer { passages.change { $0.openSections[number] = nil } }
        return try body()
    }

    private func openSection(of command: String?) -> Int {
        while true {
            let entry = passages.wait { $0.openSection(of: command, at: Clock.boottime()) }
            if case .open(let number)? = entry { return number }
            guard case .reading(let until)? = entry else { continue }
            _ = passages.wait(until: until) {
                $0.readingEnds(command, after: Clock.boottime()) == nil ? () : nil
            }
        }
    }

    /// Runs `body`, which starts `command` when no section is open, says so by calling what it is given, and waits
    /// for the command's end.
    func run<Answer: ~Copyable, Failure: Error>(
        _ command: String, _ body: (_ hasStarted: () -> Void) throws(Failure) -> Answer
    ) throws(Failure) -> Answer {
        var number = passages.change { $0.announce() }
        defer { passages.change { $0.runs[number] = nil } }
        while !waitForSections(of: command) {
            // Meanwhile nobody else is kept from changing files.
            passages.change { $0.runs[number] = nil }
            _ = passages.wait { $0.isOpen(of: command) ? nil : () }
            number = passages.change { $0.announce() }
        }
        return try body {
            let until = Clock.boottime() + readingTime
            passages.change { $0.runs[number] = .reading(command, until: until) }
        }
    }

    /// Until none is open but what hangs; false if that is one of the command's own.
    private func waitForSections(of command: String) -> Bool {
        // While a run is announced no more are opened.
        let last = passages.change { $0.openSections.values.map(\.since).max() } ?? .zero
        let areClosed = passages.wait(until: last + sectionTime) { $0.openSections.isEmpty ? true : nil }
        return areClosed ?? passages.change { !$0.isOpen(of: command) }
    }

    private enum Entry: Sendable {
        case open(number: Int)
        /// Not yet: the section's own service reads its files, and will have done so by then.
        case reading(until: Duration)
    }

    private enum Run: Sendable {
        case starting
        /// The service may be reading its files.
        case reading(_ command: String, until: Duration)

        var isStarting: Bool { if case .starting = self { true } else { false } }
    }

    private struct Passages: Sendable {
        var openSections: [Int: (command: String?, since: Duration)] = [:]
        var runs: [Int: Run] = [:]
        private var announced = 0

        /// From now on no section opens until the run has started, so that a stream of them can't keep it waiting.
        mutating func announce() -> Int {
            announced += 1
            runs[announced] = .starting
            return announced
        }

        /// No answer while a command is being started.
        mutating func openSection(of command: String?, at now: Duration) -> Entry? {
            if runs.values.contains(where: \.isStarting) { return nil }
            if let end = readingEnds(command, after: now) { return .reading(until: end) }
            announced += 1
            openSections[announced] = (command, now)
            return .open(number: announced)
        }

        func isOpen(of command: String) -> Bool { openSections.values.contains { $0.command == command } }

        /// When the service of `command` will have read its files; `nil` if it is not reading.
        func readingEnds(_ command: String?, after now: Duration) -> Duration? {
            runs.values.compactMap { run in
                guard case .reading(let service, let until) = run, service == command else { return nil }
                return until > now ? until : nil
            }.max()
        }
    }
}
