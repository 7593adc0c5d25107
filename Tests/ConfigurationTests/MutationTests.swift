import Configuration
import Lifecycle
import Testing

/// Whatever bytes a file holds, the answer is a configuration or a list of problems.
@Suite struct MutationTests {
    private static let fragments = [
        "\t", "\n", "\r\n", "- ", ": ", "[", "]", "{", "}", "\"", "'", "&a ", "*a", "!!str ", "|\n", "# ",
        "~", "null",
        "0s", "-1h", "999999999999h", "1.5", "://", "/", "/..", "..", "*.", "\u{0}", "\u{FEFF}", "é",
        "\u{2028}",
        "reload_command: x", "? ", "---\n", "%", "@", "<<: ", "certificates:\n", "9223372036854775808",
    ]

    @Test(arguments: 0..<8)
    func `spoiled files never crash, and a refusal says why`(seed: UInt64) throws {
        var generator = SplitMix(seed: seed)
        let files = [
            try ConfigurationFixtures.file("Tests/ConfigurationTests/Vectors/upstream.yml"),
            try ConfigurationFixtures.file("packaging/agent.example.yml"), Array(ReportTests.wreck.utf8),
        ]
        for round in 0..<150 {
            var bytes = files[round % files.count]
            for _ in 0..<Int.random(in: 1...4, using: &generator) { mutate(&bytes, &generator) }
            do throws(InvalidConfiguration) {
                let configuration = try AgentConfiguration.load(bytes, file: "mutant.yml")
                #expect(!configuration.certificates.isEmpty)
            } catch {
                #expect(!error.problems.isEmpty)
                #expect(!ConfigurationReport(error.problems).text.contains("hunter"))
                for problem in error.problems {
                    #expect(problem.line >= 1 && problem.column >= 1)
                    #expect(!problem.message.isEmpty && !problem.hint.isEmpty)
                }
            }
        }
    }

    private func mutate(_ bytes: inout [UInt8], _ generator: inout SplitMix) {
        let index = Int.random(in: 0..<max(bytes.count, 1), using: &generator)
        switch Int.random(in: 0..<5, using: &generator) {
        case 0:
            bytes.insert(
                contentsOf: Array((Self.fragments.randomElement(using: &generator) ?? "").utf8), at: index)
        case 1: if index < bytes.count { bytes[index] = UInt8.random(in: 0...255, using: &generator) }
        case 2:
            bytes.removeSubrange(index..<min(bytes.count, index + Int.random(in: 0..<40, using: &generator)))
        case 3: bytes.insert(contentsOf: bytes[index..<min(bytes.count, index + 60)], at: 0)
        default: bytes.removeLast(bytes.count - index)
        }
    }
}
