import Testing

@testable import Lifecycle

@Suite struct CertificateListTests {
    private func status(_ number: Int, why: String = "") throws -> CertificateStatus {
        let name = try CertificateName(validating: "c\(1000 + number)")
        let names = try #require(DNSNameSet([try DNSName(validating: "c\(number).example.org")]))
        let wanted = ManagedCertificate(
            name: name, profile: "p", dnsNames: names,
            outputs: OutputPaths(key: "/k", cert: "/c", chain: "/ch", fullchain: "/f"))
        return CertificateStatus(wanted: wanted, state: .valid, why: why)
    }

    @Test(arguments: [0, 1, 31, 32, 33, 100])
    func `it is what was put in, in order`(count: Int) throws {
        let statuses = try (0..<count).map { try status($0) }
        let list = CertificateList(statuses)
        #expect(list.count == count && Array(list) == statuses)
    }

    @Test func `a change is seen by those who come later only, and leaves the rest shared`() throws {
        let before = CertificateList(try (0..<100).map { try status($0) })
        let changed = try status(40, why: "changed")
        var after = before
        #expect(after.isIdentical(to: before))
        after.replace([(40, changed), (99, before[99])])
        #expect(!after.isIdentical(to: before))
        #expect(after[40].why == "changed" && before[40].why == "")
        #expect(after.indices.allSatisfy { $0 == 40 || after[$0] == before[$0] })
    }
}
