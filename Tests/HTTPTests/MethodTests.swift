import HTTP
import Testing

struct MethodTests {
    @Test(arguments: ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"])
    func `a method is known by its name, in its letter case only`(name: String) throws {
        func method(_ name: String) throws -> HTTP.Method {
            var parser = RequestParser()
            guard
                case .request(let request) = parser.read(Array("\(name) / HTTP/1.0\r\n\r\n".utf8)[...]).event
            else { throw RefusedRequest.malformedRequestLine }
            return request.method
        }
        #expect(try method(name) == HTTP.Method(name))
        #expect(try method(name) != .other(name))
        #expect(try method(name.lowercased()) == .other(name.lowercased()))
        #expect(try method(name + "X") == .other(name + "X"))
        #expect(try method("X" + name) == .other("X" + name))
    }
}
