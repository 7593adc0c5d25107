import POSIX
import Testing

/// `scripts/crash-sweep`, short: what is left of a renewal that is stopped at one of its system calls.
@Suite(.serialized) struct `A crash` {
    @Test
    func `at a system call of a renewal leaves the old set or the new, and the next start completes it`()
        throws
    {
        let answer = try Self.sweep("--short", within: .seconds(300))
        #expect(answer.succeeded, "\(answer)")
        // The table's last line, so that a sweep of nothing can't pass.
        #expect(answer.output.contains(" 0 broken; "), "\(answer)")
    }

    @Test func `of the machine finds on the disk what was promised, because each fsync is in its place`()
        throws
    {
        let answer = try Self.sweep("--durability", within: .seconds(60))
        #expect(answer.succeeded, "\(answer)")
        #expect(answer.output.contains("each in its place"), "\(answer)")
    }

    private static func sweep(_ argument: String, within patience: Duration) throws -> Shell.Answer {
        let binaries = Program.agent.split(separator: "/", omittingEmptySubsequences: false).dropLast()
            .joined(separator: "/")
        let script =
            #filePath.split(separator: "/").dropLast(3).joined(separator: "/") + "/scripts/crash-sweep"
        return try Shell.run(
            "/usr/bin/env", ["CERTPLANE_BINARIES=\(binaries)", "/" + script, argument], within: patience)
    }
}
