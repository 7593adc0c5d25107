import Notation
import POSIX
import Testing

@testable import certplane_agent

@Suite struct RenewalViewTests {
    private func progress(_ renewals: String, refused: String = "", done: Bool = false) throws
        -> RenewalProgress
    {
        let text = #"{"done":\#(done),"renewals":[\#(renewals)],"refused":[\#(refused)]}"#
        return RenewalProgress(try JSONReader.read(Array(text.utf8), deepest: 16))
    }

    private static let running = """
        {"certificate":"www","state":"running","steps":[{"stage":"key","duration_seconds":0.011},
        {"stage":"order","duration_seconds":null}],"serial":null,"failure":null,"warnings":[]}
        """
    private static let succeeded = """
        {"certificate":"www","state":"succeeded","steps":[{"stage":"key","duration_seconds":0.011},
        {"stage":"order","duration_seconds":12.5}],"serial":"4f","failure":null,"warnings":["short life"]}
        """
    private static let failed = """
        {"certificate":"mail","state":"failed","steps":[],"serial":null,"warnings":[],
        "failure":{"stage":"order","detail":"403 forbidden","advice":"see the profile"}}
        """
    private static let queued = """
        {"certificate":"mail","state":"queued","steps":[],"serial":null,"failure":null,"warnings":[]}
        """

    @Test func `into a pipe goes a line for each change, once`() throws {
        var view = RenewalView()
        #expect(view.update(try progress(Self.queued), in: nil) == "")
        #expect(view.update(try progress(Self.running), in: nil) == "www: order\n")
        #expect(view.update(try progress(Self.running), in: nil) == "")
        #expect(
            view.update(try progress(Self.succeeded, done: true), in: nil)
                == "www: renewed, serial 4f (key 0.01 s, order 12 s); note: short life\n")
    }

    @Test func `on a terminal each renewal has its line, which changes in its place`() throws {
        var view = RenewalView()
        let window = WindowSize(columns: 80, rows: 24)
        let first = view.update(try progress(Self.running + "," + Self.queued), in: window)
        #expect(first == "www: key 0.01 s, order …\u{1B}[K\nmail: waiting\u{1B}[K\n")
        let second = view.update(try progress(Self.succeeded + "," + Self.failed, done: true), in: window)
        #expect(second.hasPrefix("\u{1B}[2Awww: renewed, serial 4f"))
        #expect(second.contains("mail: FAILED, order: 403 forbidden\u{1B}[K\n"))
    }

    @Test func `each row fits the terminal, whatever its size, until all is done`() throws {
        let steps = ["key", "csr", "order", "checks", "install", "reload", "verify"].map {
            #"{"stage":"\#($0)","duration_seconds":0.25}"#
        }
        let renewal = { (name: String, state: String) in
            #"{"certificate":"\#(name)","state":"\#(state)","steps":[\#(steps.joined(separator: ","))],"#
                + #""serial":null,"failure":null,"warnings":[]}"#
        }
        for (columns, name) in [(80, "c0001"), (80, String(repeating: "x", count: 70)), (10, "c"), (1, "c")] {
            var view = RenewalView()
            let window = WindowSize(columns: columns, rows: 24)
            let text = view.update(
                try progress("\(renewal(name, "running")),\(renewal("b", "running"))"), in: window)
            let rows = text.split(separator: "\n").map { $0.replacing("\u{1B}[K", with: "") }
            #expect(rows.count == 2 && rows.allSatisfy { $0.count < max(columns, 2) }, "\(rows)")
            #expect(rows[0].hasSuffix("…"))
        }
        var view = RenewalView()
        let done = view.update(
            try progress(renewal("www", "succeeded"), done: true), in: WindowSize(columns: 40, rows: 24))
        #expect(done.contains("verify 0.25 s)"), "the outcome is told whole")
    }

    @Test func `more renewals than rows are told a line for each change`() throws {
        var view = RenewalView()
        let window = WindowSize(columns: 80, rows: 2)
        let two = try progress(Self.running + "," + Self.queued)
        #expect(view.update(two, in: window) == "www: order\n")
        #expect(view.update(two, in: WindowSize(columns: 80, rows: 3)).hasPrefix("www: key"))
    }

    @Test func `what failed or was refused counts as failed, with its advice`() throws {
        let refused = #"{"certificate":"api","type":"x","retry_after_seconds":90}"#
        let courses = try progress(Self.succeeded + "," + Self.failed, refused: refused).courses
        #expect(courses.map(\.hasFailed) == [false, true, true])
        #expect(courses[1].advice == "see the profile")
        #expect(courses[2].line.contains("possible in 1 min 30 s"))
    }

    @Test(arguments: [
        (Duration.zero, "0 s"), (.milliseconds(250), "0.2 s"), (.seconds(10), "10 s"),
        (.seconds(60), "1 min"),
        (.seconds(200), "3 min 20 s"), (.seconds(3600), "1 h"), (.seconds(90_000), "1 d 1 h"),
        (.seconds(-90), "-1 min 30 s"),
    ])
    func `durations are brief`(duration: Duration, text: String) {
        #expect(duration.brief == text)
    }

    @Test func `a table is as wide as its cells, and ends its lines without spaces`() {
        var table = TextTable(["NAME", "STATE", "WHY"])
        table.add(["www.example.org", "valid", ""])
        table.add(["a", "failing", "no broker"])
        #expect(
            table.text == """
                NAME             STATE    WHY
                www.example.org  valid
                a                failing  no broker

                """)
    }
}
