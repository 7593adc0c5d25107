import Notation
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
        var view = RenewalView(isTerminal: false)
        #expect(view.update(try progress(Self.queued)) == "")
        #expect(view.update(try progress(Self.running)) == "www: order\n")
        #expect(view.update(try progress(Self.running)) == "")
        #expect(
            view.update(try progress(Self.succeeded, done: true))
                == "www: renewed, serial 4f (key 0.01 s, order 12 s); note: short life\n")
    }

    @Test func `on a terminal each renewal has its line, which changes in its place`() throws {
        var view = RenewalView(isTerminal: true)
        let first = view.update(try progress(Self.running + "," + Self.queued))
        #expect(first == "www: key 0.01 s, order …\u{1B}[K\nmail: waiting\u{1B}[K\n")
        let second = view.update(try progress(Self.succeeded + "," + Self.failed, done: true))
        #expect(second.hasPrefix("\u{1B}[2Awww: renewed, serial 4f"))
        #expect(second.contains("mail: FAILED, order: 403 forbidden\u{1B}[K\n"))
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
