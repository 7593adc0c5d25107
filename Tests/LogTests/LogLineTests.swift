import FoundationEssentials
import Log
import Testing

/// One record, its two lines.
struct LineVector: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var message = "m"
    var attributes: LogAttributes = [:]
    var text: String
    var json: String
}

/// 2026-11-23T22:52:01.5Z
private let moment = Date(timeIntervalSince1970: 1_795_474_321.5)

@Suite struct LogLineTests {
    static let vectors = [
        LineVector(
            testDescription: "a plain word stands bare, a sentence is quoted",
            message: "certificate installed",
            attributes: ["certificate": "web", "error": "no such host"],
            text: #"msg="certificate installed" certificate=web error="no such host""#,
            json: #""msg":"certificate installed","certificate":"web","error":"no such host""#),
        LineVector(
            testDescription: "numbers and claims keep their type in JSON",
            attributes: ["n": 3, "ok": true, "ratio": .double(0.5), "odd": .double(.infinity)],
            text: "msg=m n=3 ok=true ratio=0.5 odd=inf",
            json: #""msg":"m","n":3,"ok":true,"ratio":0.5,"odd":"inf""#),
        LineVector(
            testDescription: "a date is UTC to the second", attributes: ["not_after": .date(moment)],
            text: "msg=m not_after=2026-11-23T22:52:01Z",
            json: #""msg":"m","not_after":"2026-11-23T22:52:01Z""#),
        LineVector(
            testDescription: "a list is one value", attributes: ["names": .list(["a b", "c"])],
            text: #"msg=m names="[a b c]""#, json: #""msg":"m","names":["a b","c"]"#),
        LineVector(
            testDescription: "a line feed can't begin a second event",
            attributes: ["error": "x\r\nlevel=INFO\t\u{0}"],
            text: #"msg=m error="x\r\nlevel=INFO\t\u0000""#,
            json: #""msg":"m","error":"x\r\nlevel=INFO\t\u0000""#),
        LineVector(
            testDescription: "a terminal is given no commands",
            attributes: ["error": "\u{1B}[2J\u{9B}1m\u{7F}"],
            text: #"msg=m error="\u001b[2J\u009b1m\u007f""#,
            json: #""msg":"m","error":"\u001b[2J\u009b1m\u007f""#),
        LineVector(
            testDescription: "a name can't be disguised by turning the writing round",
            attributes: ["name": "a\u{202E}b\u{2028}"],
            text: #"msg=m name="a\u202eb\u2028""#, json: #""msg":"m","name":"a\u202eb\u2028""#),
        LineVector(
            testDescription: "quotes, backslashes and equals signs are kept apart",
            attributes: ["a": "say \"hi\"", "b": #"c:\x"#, "c": "k=v", "d": ""],
            text: #"msg=m a="say \"hi\"" b="c:\\x" c="k=v" d="""#,
            json: #""msg":"m","a":"say \"hi\"","b":"c:\\x","c":"k=v","d":"""#),
        LineVector(
            testDescription: "text beyond ASCII stays as it is", attributes: ["org": "Bäckerei"],
            text: "msg=m org=Bäckerei", json: #""msg":"m","org":"Bäckerei""#),
        LineVector(
            testDescription: "a key is plain and can't pose as a fixed one",
            attributes: ["level": "x", "a b=": "y", "": "z"],
            text: "msg=m level_=x a_b_=y _=z", json: #""msg":"m","level_":"x","a_b_":"y","_":"z""#),
    ]

    @Test(arguments: vectors) func `an event is one line`(_ vector: LineVector) {
        let record = LogRecord(
            time: moment, level: .info, message: vector.message, attributes: vector.attributes)
        #expect(record.line(as: .text) == "time=2026-11-23T22:52:01.500Z level=INFO \(vector.text)\n")
        #expect(
            record.line(as: .json)
                == "{\"time\":\"2026-11-23T22:52:01.500Z\",\"level\":\"INFO\",\(vector.json)}\n")
    }

    @Test func `every scalar of the basic plane gives one line that JSON readers take back`() throws {
        for value in UInt32(0)...0xFFFF {
            guard let scalar = Unicode.Scalar(value) else { continue }
            let text = String(Character(scalar))
            let record = LogRecord(time: nil, level: .warn, message: text)
            let line = record.line(as: .json)
            #expect(record.line(as: .text).utf8.filter { $0 == 10 }.count == 1)
            #expect(line.utf8.filter { $0 == 10 }.count == 1)
            let decoded = try JSONDecoder().decode([String: String].self, from: Data(line.utf8))
            #expect(
                decoded["msg"]?.unicodeScalars.elementsEqual([scalar]) == true,
                "U+\(String(value, radix: 16))")
        }
    }

    @Test func `a repeated key appears once in JSON`() {
        let record = LogRecord(time: nil, level: .info, message: "m", attributes: ["k": "1", "k": "2"])
        #expect(record.line(as: .json) == #"{"level":"INFO","msg":"m","k":"1"}"# + "\n")
    }

    @Test func `a value that never ends is cut`() {
        let record = LogRecord(
            time: nil, level: .info, message: "m",
            attributes: ["output": .string(String(repeating: "x", count: 1 << 20))])
        #expect(record.line(as: .text).utf8.count < 9000)
        #expect(record.line(as: .text).hasSuffix("x…\"\n"))
        #expect(record.line(as: .json).utf8.count < 9000)
    }

    @Test(arguments: [
        (Duration.zero, "0s"), (.seconds(30), "30s"), (.milliseconds(1500), "1.5s"),
        (.seconds(28_798), "7h59m58s"),
        (.seconds(3600), "1h0m0s"), (.seconds(60), "1m0s"), (.milliseconds(250), "250ms"),
        (.microseconds(1050), "1.05ms"), (.nanoseconds(12_300), "12.3µs"), (.nanoseconds(7), "7ns"),
        (.seconds(-90), "-1m30s"), (.milliseconds(-5), "-5ms"), (.milliseconds(60_001), "1m0.001s"),
    ])
    func `a duration is written as in the configuration`(_ duration: Duration, _ text: String) {
        let record = LogRecord(time: nil, level: .info, message: "m", attributes: ["d": .duration(duration)])
        #expect(record.line(as: .text) == "level=INFO msg=m d=\(text)\n")
    }
}
