import POSIX

/// Makes one TLS connection after the other, each by an openssl of its own, and counts.
final class HandshakeLoop: Sendable {
    struct Count: Sendable {
        var succeeded = 0
        /// What openssl said of each that failed.
        var failures: [String] = []
    }

    private let isStopping = Lock(false)
    private let count = Lock(Count())
    private let threads: Lock<[Worker]>

    /// Two connections at a time, verified against `root`, until `stop` or the end of the scenario.
    init(_ scenario: Scenario, port: UInt16, root: String) throws {
        threads = Lock([])
        let arguments = [
            "s_client", "-connect", "127.0.0.1:\(port)", "-servername", "www.lab.test", "-CAfile", root,
            "-verify_return_error", "-verify_hostname", "www.lab.test",
        ]
        for number in 1...2 {
            let thread = try Worker(name: "handshakes-\(number)") { [self] in
                while !isStopping.withLock({ $0 }) {
                    let answer = try? Shell.run(Program.openssl, arguments, within: .seconds(10))
                    count.withLock { count in
                        if let answer, answer.succeeded, answer.output.contains("Verify return code: 0") {
                            count.succeeded += 1
                        } else {
                            count.failures.append(answer.map { "\($0)" } ?? "openssl could not be started")
                        }
                    }
                }
            }
            threads.withLock { $0.append(thread) }
        }
        scenario.atEnd { [self] in _ = stop() }
    }

    /// Ends the loop and says what it saw.
    func stop() -> Count {
        isStopping.withLock { $0 = true }
        for thread in threads.withLock({ $0 }) { thread.join() }
        return count.withLock { $0 }
    }
}
