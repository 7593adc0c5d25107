import FoundationEssentials
import POSIX
import Testing

@testable import Log

@Suite struct LoggerTests {
    @Test(arguments: LogLevel.allCases)
    func `a level writes itself and what matters more`(level: LogLevel) {
        let capture = LogCapture()
        let log = logger(level, .text, capture)
        log.debug("d")
        log.info("i")
        log.warn("w")
        log.error("e")
        let all = [
            "time=1970-01-01T00:00:00.000Z level=DEBUG msg=d",
            "time=1970-01-01T00:00:00.000Z level=INFO msg=i",
            "time=1970-01-01T00:00:00.000Z level=WARN msg=w",
            "time=1970-01-01T00:00:00.000Z level=ERROR msg=e",
        ]
        #expect(capture.lines == Array(all[level.rawValue...]))
    }

    @Test func `a level that is off evaluates nothing`() {
        var evaluated = 0
        func costly() -> String {
            evaluated += 1
            return "x"
        }
        let log = logger(.warn, .text, LogCapture())
        log.debug(costly(), ["a": .string(costly())])
        log.info(costly(), ["a": .string(costly())])
        #expect(evaluated == 0)
        log.warn(costly(), ["a": .string(costly())])
        #expect(evaluated == 2)
    }

    @Test func `a reload of the configuration reaches every copy`() {
        let capture = LogCapture()
        let log = logger(.info, .text, capture)
        let copy = log.with(["certificate": "web"])
        log.adopt(level: .debug, format: .json)
        copy.debug("due", ["n": 1])
        #expect(
            capture.lines == [
                #"{"time":"1970-01-01T00:00:00.000Z","level":"DEBUG","msg":"due","certificate":"web","n":1}"#
            ])
        log.adopt(level: .error, format: .json)
        #expect(!copy.isOn(.warn))
    }

    @Test func `lines of many threads stay whole`() throws {
        let capture = LogCapture()
        let log = logger(.info, .text, capture)
        let workers = try (0..<4).map { number in
            try Worker(name: "log-\(number)") {
                for turn in 0..<250 { log.info("m", ["worker": .int(number), "turn": .int(turn)]) }
            }
        }
        for worker in workers { worker.join() }
        let lines = capture.lines
        #expect(lines.count == 1000)
        #expect(Set(lines).count == 1000)
    }

    @Test(arguments: [("debug", LogLevel.debug), ("INFO", .info), ("warn", .warn), ("error", .error)])
    func `the words of the configuration are levels`(word: String, level: LogLevel) {
        #expect(LogLevel(word: word) == level)
        #expect(LogLevel(word: level.word) == level)
    }

    @Test func `an unknown word is no level`() {
        #expect(LogLevel(word: "warning") == nil)
        #expect(LogLevel(word: "") == nil)
    }

    @Test(arguments: [LogFormat.text, .json])
    func `a line for the journal begins with its priority`(format: LogFormat) {
        let capture = LogCapture(standingForJournal: true)
        let log = logger(.debug, format, capture)
        log.debug("d")
        log.info("i")
        log.warn("w")
        log.error("e")
        #expect(capture.lines.map { $0.prefix(3) } == ["<7>", "<6>", "<4>", "<3>"])
        // The journal knows the time by itself; JSON is read elsewhere too.
        #expect(capture.lines.allSatisfy { $0.contains("time") == (format == .json) })
        #expect(format == .json || capture.lines[0] == "<7>level=DEBUG msg=d")
    }

    @Test func `every line of an error's text is marked for the journal`() {
        #expect(ErrorText.marked("Error: a\n\n  b", forJournal: true) == "<3>Error: a\n<3>  b\n")
        #expect(ErrorText.marked("Error: a\n\n  b", forJournal: false) == "Error: a\n\n  b\n")
    }

    @Test func `the journal is known by the socket and not by the variable`() {
        #expect(JournalStream.names("8:12345", device: 8, inode: 12345))
        #expect(!JournalStream.names("8:12345", device: 8, inode: 12346))
        #expect(!JournalStream.names("8:12345", device: 9, inode: 12345))
        #expect(!JournalStream.names("", device: 8, inode: 12345))
        #expect(!JournalStream.names("8:12345:1", device: 8, inode: 12345))
    }

    private func logger(_ level: LogLevel, _ format: LogFormat, _ capture: LogCapture) -> Logger {
        Logger(
            level: level, format: format, destination: .capture(capture),
            now: { Date(timeIntervalSince1970: 0) })
    }
}

@Suite struct RepeatFilterTests {
    @Test func `the same failure is told once and then once an interval`() {
        var filter = RepeatFilter(interval: .seconds(100))
        #expect(filter.judge("refused", of: "web", at: .seconds(0)) == .log)
        #expect(filter.judge("refused", of: "web", at: .seconds(30)) == .leaveOut)
        #expect(filter.judge("refused", of: "web", at: .seconds(99)) == .leaveOut)
        #expect(filter.judge("refused", of: "web", at: .seconds(100)) == .summarise(repeats: 2))
        #expect(filter.judge("refused", of: "web", at: .seconds(101)) == .leaveOut)
    }

    @Test func `another failure, another subject and a failure after success are news`() {
        var filter = RepeatFilter(interval: .seconds(100))
        #expect(filter.judge("refused", of: "web", at: .seconds(0)) == .log)
        #expect(filter.judge("refused", of: "mail", at: .seconds(1)) == .log)
        #expect(filter.judge("timed out", of: "web", at: .seconds(2)) == .log)
        filter.forget("web")
        #expect(filter.judge("timed out", of: "web", at: .seconds(3)) == .log)
    }
}
