import Lifecycle
import POSIX
import TestSupport
import Testing

@testable import Agent

@Suite struct LooksTests {
    private let looks = Looks()

    private func certificates(_ count: Int) throws -> [ManagedCertificate] {
        let host = try TestHost()
        return try (0..<count).map { number in
            var certificate = host.certificate
            certificate.name = try CertificateName(validating: "c\(1000 + number)")
            return certificate
        }
    }

    private func look() -> [[String]] {
        var slices: [[String]] = []
        looks.run({ _ in FoundCertificate(certificate: .missing, key: .missing) }) { inputs in
            slices.append(
                inputs.compactMap { if case .looked(let name, _) = $0 { name.text } else { nil } })
        }
        return slices
    }

    @Test func `many are told of in slices, in their order`() throws {
        let all = try certificates(100)
        #expect(looks.put(all) == Looks.lanes)
        let slices = look()
        #expect(slices.flatMap(\.self) == all.map(\.name.text))
        #expect(slices.count > 2 && slices.allSatisfy { $0.count <= 32 })
    }

    @Test func `few need one worker, and who is at work takes what comes later`() throws {
        let all = try certificates(3)
        #expect(looks.put([all[0]]) == 1)
        #expect(looks.put([all[1], all[2]]) == 0)
        #expect(look() == [all.map(\.name.text)])
        #expect(looks.put([all[0]]) == 1)
    }

    @Test func `on the way out nothing is looked at any more`() throws {
        _ = looks.put(try certificates(10))
        looks.close()
        #expect(look().isEmpty)
        #expect(looks.put(try certificates(1)) == 0)
    }
}
