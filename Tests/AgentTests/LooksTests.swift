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

    /// The engine believes the last of a certificate's looks, and the one before may have been at other files.
    @Test func `looks at one certificate are told of in their order, however long one takes`() async throws {
        let before = try certificates(1)
        var after = before
        after[0].outputs.cert = "/elsewhere"
        let (looks, gate, told) = (looks, Turnstile(), Lock<[String]>([]))
        let work: @Sendable () -> Void = {
            looks.run(
                { certificate in
                    if certificate.outputs.cert != "/elsewhere" { gate.pass() }
                    return FoundCertificate(
                        certificate: .unreadable(certificate.outputs.cert), key: .missing)
                },
                told: { inputs in
                    for case .looked(_, let found) in inputs {
                        guard case .unreadable(let path) = found.certificate else { continue }
                        told.withLock { $0.append(path) }
                    }
                })
        }
        let expected = [before[0].outputs.cert, "/elsewhere"]
        try await onThread { [before, after] in
            #expect(looks.put(before) == 1)
            let first = try Worker(name: "first", work)
            try gate.waitForArrivals(1)
            // As if another lane were free.
            _ = looks.put(after)
            let second = try Worker(name: "second", work)
            second.join()
            gate.open()
            first.join()
        }
        #expect(told.withLock { $0 } == expected)
    }

    @Test func `on the way out nothing is looked at any more`() throws {
        _ = looks.put(try certificates(10))
        looks.close()
        #expect(look().isEmpty)
        #expect(looks.put(try certificates(1)) == 0)
    }
}
