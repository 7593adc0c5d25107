import Testing

@testable import Lifecycle

@Suite struct NameTests {
    @Test(arguments: [
        (" WWW.Example.COM. ", "www.example.com"), ("*.example.com", "*.example.com"),
        ("xn--bcher-kva.example", nil),
        ("a.b", "a.b"),
    ])
    func `a host name becomes canonical`(input: String, expected: String?) throws {
        #expect(try DNSName(validating: input).text == expected ?? input)
    }

    @Test(arguments: [
        ("", DNSNameProblem.empty), (" . ", .empty), ("localhost", .tooFewLabels),
        ("a b.example", .whiteSpace),
        ("a..example", .emptyLabel), (".example.com", .emptyLabel), ("bücher.example", .notASCII),
        ("-a.example", .hyphenAtEdge), ("a-.example", .hyphenAtEdge), ("a_b.example", .badCharacter),
        ("*.example", .misplacedWildcard), ("www.*.example", .misplacedWildcard),
        ("w*.example.com", .misplacedWildcard),
        (String(repeating: "a", count: 64) + ".example", .labelTooLong),
        (String(repeating: "abcdefg.", count: 32) + "com", .tooLong), ("example.com..", .emptyLabel),
    ])
    func `what is no host name is refused with its reason`(input: String, problem: DNSNameProblem) {
        #expect(throws: problem) { try DNSName(validating: input) }
    }

    @Test func `a label of 63 octets is accepted`() throws {
        let name = String(repeating: "a", count: 63) + ".example"
        #expect(try DNSName(validating: name).text == name)
    }

    @Test func `a set is sorted, without repetition, and compared whatever its order and case`() throws {
        let set = try #require(
            DNSNameSet([
                DNSName(validating: "www.example.com"), DNSName(validating: "EXAMPLE.com"),
                DNSName(validating: "www.example.com."),
            ]))
        #expect(set.texts == ["example.com", "www.example.com"])
        #expect(set.commonName == "example.com")
        #expect(set.equals(["WWW.example.com", "example.com"]))
        #expect(!set.equals(["example.com"]))
        #expect(DNSNameSet([DNSName]()) == nil)
    }

    @Test func `the common name is the first that fits 64 octets`() throws {
        let long = String(repeating: "a", count: 60) + ".example.com"
        let both = try #require(
            DNSNameSet([DNSName(validating: long), DNSName(validating: "b.example.com")]))
        #expect(both.commonName == "b.example.com")
        #expect(try #require(DNSNameSet([DNSName(validating: long)])).commonName == nil)
    }

    @Test(arguments: [
        ("web", "web"), ("a/b c", "a%2Fb%20c"), (".hidden", "%2Ehidden"), ("..", "%2E."), ("ü", "%C3%BC"),
        ("50%", "50%25"),
    ])
    func `a certificate's file name is one plain path component`(name: String, fileName: String) throws {
        #expect(try CertificateName(validating: name).fileName == fileName)
        #expect(CertificateName(fileName: fileName)?.text == name)
    }

    @Test func `long names keep distinct file names within the limit of a directory entry`() throws {
        let one = try CertificateName(validating: String(repeating: "/", count: 254) + "a")
        let two = try CertificateName(validating: String(repeating: "/", count: 254) + "b")
        #expect(one.fileName != two.fileName)
        #expect(one.fileName.utf8.count <= 200)
    }

    @Test(arguments: [
        ("", CertificateNameProblem.empty), ("a\nb", .controlCharacter), ("a\u{7f}", .controlCharacter),
        (String(repeating: "a", count: 256), .tooLong),
    ])
    func `a name that can't be shown or stored is refused`(name: String, problem: CertificateNameProblem) {
        #expect(throws: problem) { try CertificateName(validating: name) }
    }
}
