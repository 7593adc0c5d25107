import HTTP
import RequestVectors
import Testing

struct RequestParserTests {
    @Test func `a parser that lends no memory and one that does read the same`() {
        var spare = RequestMemory()
        for vector in Vector.all {
            var parser = RequestParser()
            var found: [String] = []
            var rest = vector.bytes[...]
            reading: while !rest.isEmpty {
                parser.borrow(&spare)
                let (consumed, event) = parser.read(rest)
                rest = rest.dropFirst(consumed)
                switch consume event {
                case .needsMore: break
                case .continueExpected: found.append("continue")
                case .request(let request):
                    found.append(describe(request))
                    parser.recycle(request)
                case .refused(let reason):
                    found.append("refused \(reason.status.code) \(reason)")
                    break reading
                }
                parser.returnMemory(to: &spare)
            }
            #expect(found == vector.events.filter { $0 != "incomplete" }, "\(vector.name)")
        }
    }

    @Test func `the vectors are there`() {
        #expect(Vector.all.count >= 200)
        #expect(Set(Vector.all.map(\.name)).count == Vector.all.count)
    }

    @Test(arguments: Vector.all)
    func `a vector fed in one piece`(vector: Vector) {
        #expect(events(of: [vector.bytes]) == vector.events)
    }

    @Test(arguments: Vector.all)
    func `a vector fed byte by byte`(vector: Vector) {
        #expect(withoutContinue(events(of: vector.bytes.map { [$0] })) == withoutContinue(vector.events))
    }

    /// Long vectors, which only repeat themselves, are split at every 211th byte.
    @Test(arguments: Vector.all)
    func `a vector split in two at every byte`(vector: Vector) {
        let expected = withoutContinue(vector.events)
        for split in stride(from: 1, to: vector.bytes.count, by: vector.bytes.count > 1000 ? 211 : 1) {
            let pieces = [Array(vector.bytes[..<split]), Array(vector.bytes[split...])]
            let found = withoutContinue(events(of: pieces))
            guard found == expected else {
                Issue.record("split at \(split): \(found) instead of \(expected)")
                return
            }
        }
    }

    /// A split between head and body makes the client one that waits.
    private func withoutContinue(_ events: [String]) -> [String] {
        let rest = events.filter { $0 != "continue" }
        return rest.isEmpty ? ["incomplete"] : rest
    }

    @Test func `a refusal is final`() {
        var parser = RequestParser()
        _ = parser.read(Array("GET / HTTP/1.1\n".utf8)[...])
        let (consumed, event) = parser.read(Array("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8)[...])
        guard case .refused(.bareLineFeed) = event else {
            Issue.record("\(event)")
            return
        }
        #expect(consumed == 27)
    }

    @Test func `the phase says which deadline runs`() {
        var parser = RequestParser()
        #expect(parser.phase == .idle)
        _ = parser.read(Array("G".utf8)[...])
        #expect(parser.phase == .head)
        _ = parser.read(Array("ET / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n".utf8)[...])
        #expect(parser.phase == .body)
        #expect(parser.heldBytes > 40)
        _ = parser.read(Array("ab".utf8)[...])
        #expect(parser.phase == .idle)
        #expect(parser.heldBytes == 0)
    }

    @Test func `only as much is consumed as belongs to the request`() {
        var parser = RequestParser()
        let (consumed, _) = parser.read(Array("GET / HTTP/1.1\r\nHost: a\r\n\r\nGET".utf8)[...])
        #expect(consumed == 27)
    }

    @Test func `every refusal has a status and a title of its own`() {
        #expect(Set(RefusedRequest.allCases.map(\.title)).count == RefusedRequest.allCases.count)
        for reason in RefusedRequest.allCases { #expect(reason.status.code >= 400) }
    }
}
