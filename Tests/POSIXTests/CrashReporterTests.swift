import Glibc
import POSIX
import Testing

@Suite struct CrashReporterTests {
    private func line(_ result: ExitTest.Result?) -> String {
        String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    }

    @Test func `a failed check leaves one line and dies of its signal`() async {
        let result = await #expect(processExitsWith: .signal(SIGILL), observing: [\.standardErrorContent]) {
            try CrashReporter.install(program: "certplane-agent")
            raise(SIGILL)
        }
        #expect(line(result).contains("certplane-agent: crashed with SIGILL"))
        #expect(line(result).hasSuffix("\n"))
    }

    @Test func `a thread that overflows its stack is reported`() async {
        let result = await #expect(processExitsWith: .signal(SIGSEGV), observing: [\.standardErrorContent]) {
            try CrashReporter.install(program: "certplane-agent")
            let worker = try Worker(name: "deep") { _ = depth(1) }
            worker.join()
        }
        #expect(line(result).contains("certplane-agent: crashed with SIGSEGV (invalid memory) at address 0x"))
    }

    @Test func `an abort is reported without an address`() async {
        let result = await #expect(processExitsWith: .signal(SIGABRT), observing: [\.standardErrorContent]) {
            try CrashReporter.install(program: "certplane-agent")
            abort()
        }
        #expect(line(result).hasSuffix("certplane-agent: crashed with SIGABRT\n"))
    }
}

@inline(never) private func depth(_ reached: Int) -> Int {
    reached == .max ? reached : depth(reached &+ 1) &+ reached
}
