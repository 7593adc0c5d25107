import Testing

@testable import HTTP

struct FieldNamesTests {
    @Test func `a name of any length, begun with any letter, is known again in any case`() {
        for first in UInt8(ascii: "a")...UInt8(ascii: "z") {
            for count in 1...70 {
                let name = String(Unicode.Scalar(first)) + String(repeating: "x", count: count - 1)
                var names = FieldNames()
                names.insert(first: first & ~0x20, count: count)
                #expect(names.mayContain(FieldName(name)), "\(name)")
            }
        }
    }

    @Test func `a request without a field is known to have none`() throws {
        let request = try Request(.get, "/", fields: [Field("Accept", "*/*")])
        #expect(!request.mayHave(FieldNames([.origin, .secFetchSite])))
        #expect(request.values(.origin).isEmpty)
        let other = try Request(.get, "/", fields: [Field("ORIGIN", "null"), Field("Origin", "b")])
        #expect(other.mayHave(FieldNames([.origin, .secFetchSite])))
        #expect(other.values(.origin) == ["null", "b"])
        #expect(other.fields.values(.secFetchSite).isEmpty)
    }
}
