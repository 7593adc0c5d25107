import HTTP
import Testing

struct ResponseTests {
    private func head(_ response: Response, _ persistence: ResponseHead.Persistence = .keepsAlive) -> String {
        var output: [UInt8] = []
        var writer = ResponseHead(date: Array("D".utf8))
        writer.append(response, persistence, to: &output)
        return String(decoding: output, as: UTF8.self)
    }

    @Test func `a head says status, date, fields and length`() {
        let response = Response(.ok, text: "hello", fields: [Field("X-A", "b")])
        #expect(
            head(response) == "HTTP/1.1 200 OK\r\nDate: D\r\nContent-Type: text/plain; charset=utf-8\r\n"
                + "X-A: b\r\nContent-Length: 5\r\n\r\n")
    }

    @Test func `what many answers share, and the name of the one, are said behind its own fields`() {
        var response = Response(.ok, fields: [Field("X-A", "b")])
        response.prepared = PreparedFields([Field("X-C", "d"), Field("X-E", "f\r\nX-G: h")])
        response.id = RequestID(run: 0xA1B_2C3D, number: 1_234_567)
        #expect(
            head(response) == "HTTP/1.1 200 OK\r\nDate: D\r\nX-A: b\r\nX-C: d\r\nX-E: f  X-G: h\r\n"
                + "Content-Length: 0\r\nX-Request-Id: 0a1b2c3d-1234567\r\n\r\n")
        #expect(response.field("x-c") == "d")
        #expect(response.field("X-Request-ID") == "0a1b2c3d-1234567")
        #expect(RequestID(run: 0, number: .max).description == "00000000-18446744073709551615")
    }

    @Test func `a head that begins like the one before is the same as one that is written anew`() {
        let lines = PreparedFields([Field("X-C", "d")])
        func response(_ status: Status, _ body: String, _ run: UInt32?, _ number: UInt64) -> Response {
            var response = Response(status, body: .bytes(Array(body.utf8)))
            response.prepared = lines
            response.id = run.map { RequestID(run: $0, number: number) }
            return response
        }
        var other = response(.ok, "abc", 1, 7)
        other.prepared = PreparedFields([Field("X-E", "f")])
        var own = response(.ok, "abc", 1, 8)
        own.fields = [Field("X-G", "h")]
        let all: [(Response, ResponseHead.Persistence)] = [
            (response(.ok, "abc", 1, 1), .keepsAlive), (response(.ok, "xyz", 1, 20), .keepsAlive),
            (response(.ok, "abcd", 1, 3), .keepsAlive), (response(.notFound, "abcd", 1, 4), .keepsAlive),
            (response(.notFound, "abcd", 2, 5), .keepsAlive),
            (response(.notFound, "abcd", nil, 6), .keepsAlive),
            (response(.notFound, "abcd", nil, 6), .closes), (other, .closes), (own, .closes),
            (other, .closes),
        ]
        var writer = ResponseHead(date: Array("D".utf8))
        for (response, persistence) in all {
            var output: [UInt8] = []
            writer.append(response, persistence, to: &output)
            #expect(String(decoding: output, as: UTF8.self) == head(response, persistence))
        }
        writer.date = Array("E".utf8)
        var output: [UInt8] = []
        writer.append(other, .closes, to: &output)
        #expect(String(decoding: output, as: UTF8.self).contains("\r\nDate: E\r\n"))
    }

    @Test func `a shared body counts all its parts`() {
        let body = Response.Body.shared([SharedBytes("abc"), SharedBytes("de")])
        #expect(head(Response(.ok, body: body)).contains("Content-Length: 5\r\n"))
    }

    @Test func `an answer without a body says so`() {
        #expect(head(Response(.notFound)).contains("Content-Length: 0\r\n"))
        #expect(!head(Response(.noContent)).contains("Content-Length"))
        #expect(!head(Response(.notModified)).contains("Content-Length"))
    }

    @Test func `the connection's future is told to who does not know it`() {
        #expect(!head(Response(.ok)).contains("Connection"))
        #expect(head(Response(.ok), .keepsAliveSaidSo).hasSuffix("\r\nConnection: keep-alive\r\n\r\n"))
        #expect(head(Response(.ok), .closes).hasSuffix("\r\nConnection: close\r\n\r\n"))
    }

    @Test func `a value cannot end its line`() {
        let text = head(Response(.ok, fields: [Field("X", "a\r\nSet-Cookie: b")]))
        #expect(text.contains("X: a  Set-Cookie: b\r\n"))
    }

    @Test func `a status without a phrase keeps its space`() {
        #expect(head(Response(Status(299))).hasPrefix("HTTP/1.1 299 \r\n"))
    }

    @Test(
        arguments: [
            (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"), (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
            (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"), (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT"),
            (1_735_689_599, "Tue, 31 Dec 2024 23:59:59 GMT"), (-1, "Wed, 31 Dec 1969 23:59:59 GMT"),
        ] as [(Int64, String)])
    func `a date is written as the standard wants it`(second: Int64, text: String) {
        var field = DateField()
        #expect(field.newValue(at: second).map { String(decoding: $0, as: UTF8.self) } == text)
        #expect(field.newValue(at: second) == nil)
    }
}
