import POSIX

/// Runs a blocking body on a thread of its own: tests share a pool of as many threads as there are cores. What is to
/// be expected is expected by the caller, of the answer.
public func onThread<Answer: Sendable>(_ body: @escaping @Sendable () throws -> Answer) async throws -> Answer
{
    try await withCheckedThrowingContinuation { continuation in
        do {
            _ = try Worker(name: "test") { continuation.resume(with: Result(catching: body)) }
        } catch {
            continuation.resume(throwing: error)
        }
    }
}
