import Testing

@testable import PKI

struct PEMTests {
    @Test func `blocks come with their label, bytes, line and text`() throws {
        let text =
            "subject=x\n-----BEGIN A-----\nAQID\n-----END A-----\n\nmore\n"
            + "-----BEGIN B C-----\nBA==\n-----END B C-----"
        let blocks = try PEM.blocks(in: Array(text.utf8))
        #expect(blocks.map(\.label) == ["A", "B C"])
        #expect(blocks.map(\.contents) == [[1, 2, 3], [4]])
        #expect(blocks.map(\.line) == [2, 7])
        #expect(blocks[0].text == "-----BEGIN A-----\nAQID\n-----END A-----\n")
        #expect(blocks[1].text == "-----BEGIN B C-----\nBA==\n-----END B C-----\n")
    }

    @Test func `a block keeps the line endings it was sent with`() throws {
        let text = "-----BEGIN A-----\r\nAQ\r\nID \r\n-----END A-----\r\n"
        let blocks = try PEM.blocks(in: Array(text.utf8))
        #expect(blocks.map(\.contents) == [[1, 2, 3]])
        #expect(blocks.map(\.text) == ["-----BEGIN A-----\r\nAQ\r\nID \r\n-----END A-----\n"])
    }

    @Test(arguments: ["", "\n", "no block at all", "----BEGIN A-----", " -----BEGIN A-----"])
    func `text without a block is an empty list`(text: String) throws {
        #expect(try PEM.blocks(in: Array(text.utf8)).isEmpty)
    }

    @Test(arguments: [
        ("-----BEGIN A-----\nAQID\n", 1, PEMError.Reason.unfinished(label: "A")),
        ("-----BEGIN A-----\n-----BEGIN B-----\n-----END B-----\n", 1, .unfinished(label: "A")),
        ("\n-----BEGIN A-----\nAQID\n-----END B-----\n", 4, .labelMismatch(begin: "A", end: "B")),
        ("-----END A-----\n", 1, .unexpectedEnd),
        ("-----BEGIN A-----\nAQID\n-----END A-----\n-----END A-----\n", 4, .unexpectedEnd),
        ("-----BEGIN A----\nAQID\n-----END A-----\n", 1, .boundary),
        ("-----BEGIN -----\nAQID\n-----END -----\n", 1, .boundary),
        ("-----BEGIN \u{7}-----\n", 1, .boundary),
        ("-----BEGIN é-----\n", 1, .boundary),
        ("-----BEGIN A-----\nAQ*D\n-----END A-----\n", 1, .base64),
        ("-----BEGIN A-----\nAQI\n-----END A-----\n", 1, .base64),
        ("-----BEGIN A-----\nAQ==\nAQ==\n-----END A-----\n", 1, .base64),
        ("-----BEGIN A-----\n-----END A-----\n", 1, .empty),
        ("-----BEGIN A-----\n \n-----END A-----\n", 1, .empty),
        ("-----BEGIN A-----\nProc-Type: 4,ENCRYPTED\n\nAQID\n-----END A-----\n", 1, .headers),
        ("-----BEGIN A-----\nProc-Type: 4,ENCRYPTED\n-----END A-----\n", 1, .headers),
    ])
    func `what is no PEM is refused with its line and reason`(
        text: String, line: Int, reason: PEMError.Reason
    ) {
        #expect(throws: PEMError(line: line, reason: reason)) { try PEM.blocks(in: Array(text.utf8)) }
    }

    @Test func `no prefix of a bundle is a trap`() throws {
        let text = Array(
            "x\r\n-----BEGIN A-----\nK: v\n\nAQID\n-----END A-----\n-----BEGIN B-----\nAQ==\n-----END B-----\n"
                .utf8)
        for length in text.indices {
            _ = try? PEM.sections(in: Array(text[..<length]).span)
            _ = try? PEM.blocks(in: Array(text[length...]))
        }
    }

    @Test(arguments: [1, 47, 48, 49, 96, 200])
    func `what is written is read again`(length: Int) throws {
        let bytes = (0..<length).map { UInt8(truncatingIfNeeded: $0) }
        let text = PEM.text(label: "THING", contents: bytes)
        #expect(text.split(separator: "\n").allSatisfy { $0.count <= 64 })
        let blocks = try PEM.blocks(in: Array(text.utf8))
        #expect(blocks.map(\.contents) == [bytes])
        #expect(blocks.map(\.text) == [text])
    }
}
