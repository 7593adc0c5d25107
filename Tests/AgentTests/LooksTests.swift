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
        var portions: [[String]] = []
        looks.run({ _ in FoundCertificate(certificate: .missing, key: .missing) }) {
            portions.append(Self.looked(looks.takeNews().news))
        }
        return portions
    }

    private static func looked(_ news: [Input]) -> [String] {
        news.compactMap { if case .looked(let name, _) = $0 { name.text } else { nil } }
    }

    @Test func `many are told of in portions, in their order`() throws {
        let all = try certificates(100)
        #expect(looks.put(all) == Looks.lanes)
        let portions = look()
        #expect(portions.flatMap(\.self) == all.map(\.name.text))
        #expect(portions.count > 2 && portions.allSatisfy { $0.count <= 32 })
    }

    @Test func `who hangs is told of, holds up nobody else, and is looked at by one thread`() async throws {
        let all = try certificates(3)
        let (looks, gate) = (looks, Turnstile())
        let hanging = all[0]
        let work: @Sendable () -> Void = {
            looks.run(
                { certificate in
                    if certificate.outputs == hanging.outputs, certificate.name == hanging.name {
                        gate.pass()
                    }
                    return FoundCertificate(
                        certificate: .unreadable(certificate.outputs.cert), key: .missing)
                }, ring: {})
        }
        try await onThread {
            #expect(looks.put(all) == 1)
            let first = try Worker(name: "first", work)
            try gate.waitForArrivals(1)
            let now = Clock.boottime()
            #expect(looks.takeNews(at: now) == ([], 0), "it may answer yet")
            #expect(looks.nextNewsAt != nil)
            #expect(looks.takeNews(at: now + .seconds(1)) == ([], 1), "another does the rest")
            work()
            #expect(Self.looked(looks.takeNews(at: now + .seconds(1)).news) == ["c1001", "c1002"])
            #expect(looks.takeNews(at: now + .seconds(6)) == ([.lookUnanswered(hanging.name)], 0))
            #expect(looks.nextNewsAt == nil, "nobody comes round for what hangs")
            #expect(looks.put([hanging]) == 0)
            #expect(looks.takeNews(at: now + .seconds(6)) == ([.lookUnanswered(hanging.name)], 0))
            var moved = hanging
            moved.outputs.cert = "/elsewhere"
            #expect(looks.put([moved]) == 1, "its new files have nothing to do with what hangs")
            gate.open()
            first.join()
            #expect(Self.looked(looks.takeNews().news) == ["c1000"])
            work()
            #expect(Self.looked(looks.takeNews().news) == ["c1000", "c1000"])
        }
    }

    /// A lane whose looks wait at the gate, but for those at the files elsewhere.
    private static func look(_ looks: Looks, heldUpBy gate: Turnstile) {
        looks.run(
            { certificate in
                if certificate.outputs.cert != "/elsewhere" { gate.pass() }
                return FoundCertificate(certificate: .unreadable(certificate.outputs.cert), key: .missing)
            }, ring: {})
    }

    @Test func `a look that hangs elsewhere ends with the one at the new files`() async throws {
        let before = try certificates(1)[0]
        var after = before
        after.outputs.cert = "/elsewhere"
        let (looks, gate) = (looks, Turnstile())
        let work: @Sendable () -> Void = { Self.look(looks, heldUpBy: gate) }
        let found = FoundCertificate(certificate: .unreadable("/elsewhere"), key: .missing)
        try await onThread { [after] in
            #expect(looks.put([before]) == 1)
            let first = try Worker(name: "first", work)
            try gate.waitForArrivals(1)
            _ = looks.takeNews(at: Clock.boottime() + .seconds(6))
            #expect(looks.put([after]) == 1)
            work()
            let both = [Input.looked(after.name, found), .looked(after.name, found)]
            #expect(looks.takeNews().news == both)
            gate.open()
            first.join()
            #expect(looks.takeNews() == ([], 0), "what came of the other is of no use")
        }
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
        let (looks, gate) = (looks, Turnstile())
        let work: @Sendable () -> Void = { Self.look(looks, heldUpBy: gate) }
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
        let paths = looks.takeNews().news.map { input in
            if case .looked(_, let found) = input, case .unreadable(let path) = found.certificate {
                return path
            }
            return ""
        }
        #expect(paths == expected)
    }

    @Test func `on the way out nothing is looked at any more`() throws {
        _ = looks.put(try certificates(10))
        looks.close()
        #expect(look().isEmpty)
        #expect(looks.put(try certificates(1)) == 0)
    }
}
