import Foundation
import HTTP
import HTTPServer
import Lifecycle
import POSIX
import Testing

@testable import LocalAPI

@Suite struct RenderingTests {
    @Test(arguments: [
        "", "plain", "\"\\/", "\u{0}\u{1}\u{1f}\u{7f}", "\n\r\t\u{8}\u{c}", "ü🔑\u{2028}\u{feff}", "</script>",
    ])
    func `any text comes back through JSON`(text: String) throws {
        let bytes = JSONWriter.document { $0.string(text, text) }
        let object = try JSONSerialization.jsonObject(with: Data(bytes))
        #expect(object as? [String: String] == [text: text])
    }

    @Test func `members, elements and nothing are separated rightly`() {
        let bytes = JSONWriter.document {
            $0.object("empty") { _ in }
            $0.strings("none", [])
            $0.strings("two", ["a", "b"])
            $0.string("nil", nil)
            $0.array("objects", of: [1, 2]) { writer, number in writer.object { $0.integer("n", number) } }
            $0.bool("last", true)
        }
        let text =
            #"{"empty":{},"none":[],"two":["a","b"],"nil":null,"objects":[{"n":1},{"n":2}],"last":true}"#
        #expect(String(decoding: bytes, as: UTF8.self) == text + "\n")
    }

    @Test(arguments: [
        (0.0, "1970-01-01T00:00:00Z"), (-1, "1969-12-31T23:59:59Z"), (0.999, "1970-01-01T00:00:00Z"),
        (951_782_400, "2000-02-29T00:00:00Z"), (4_107_542_400, "2100-03-01T00:00:00Z"),
        (1_800_000_000, "2027-01-15T08:00:00Z"), (253_402_300_799, "9999-12-31T23:59:59Z"),
        (1e300, "9999-12-31T23:59:59Z"), (-1e300, "0001-01-01T00:00:00Z"),
        (.infinity, "9999-12-31T23:59:59Z"),
    ])
    func `points in time`(seconds: Double, text: String) {
        var bytes: [UInt8] = []
        bytes.append(timestamp: Date(timeIntervalSince1970: seconds))
        #expect(String(decoding: bytes, as: UTF8.self) == text)
    }

    @Test func `points in time are those of the standard library since the calendar changed`() {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<2000 {
            let seconds = Int.random(in: -11_600_000_000...250_000_000_000, using: &generator)
            let date = Date(timeIntervalSince1970: Double(seconds))
            var bytes: [UInt8] = []
            bytes.append(timestamp: date)
            #expect(String(decoding: bytes, as: UTF8.self) == date.formatted(.iso8601), "\(seconds)")
        }
    }

    @Test(arguments: [
        (0.0, "0"), (-0.0, "0"), (1, "1"), (-17, "-17"), (0.25, "0.25"), (1_800_000_000, "1800000000"),
        (1e18, "1e+18"),
    ])
    func `numbers`(number: Double, text: String) {
        var bytes: [UInt8] = []
        bytes.append(number: number)
        #expect(String(decoding: bytes, as: UTF8.self) == text)
    }

    @Test func `nothing is written of an answer of one's own before it is its turn`() {
        struct Unwritten: Rendering {
            let slices: Lock<Int>
            mutating func advance() -> [SharedBytes]? {
                slices.withLock { $0 += 1 }
                return []
            }
        }
        let slices = Lock(0)
        let answer = Answer.inSteps(Unwritten(slices: slices)) { .json(.ok, .shared($0)) }
        #expect(slices.withLock { $0 } == 0)
        guard case .stepwise(let steps) = answer else {
            Issue.record("\(answer)")
            return
        }
        #expect(steps.step()?.status == .ok)
        #expect(slices.withLock { $0 } == 1)
    }

    @Test func `the smallest number has its sign and all digits`() {
        var bytes: [UInt8] = []
        bytes.append(decimal: .min)
        #expect(String(decoding: bytes, as: UTF8.self) == "-9223372036854775808")
    }
}
