import FoundationEssentials
import POSIX
import TestSupport
import Testing

/// What a test found wanting.
struct Shortcoming: Error, CustomStringConvertible {
    let description: String
    var location: SourceLocation?

    init(_ description: String, at location: SourceLocation? = nil) {
        self.description = description
        self.location = location
    }
}

/// One test's world: a directory of its own and the processes it started, all gone when the test is over.
final class Scenario: Sendable {
    let scratch: ScratchDirectory
    private let processes = Lock<[RunningProcess]>([])
    private let endings = Lock<[@Sendable () -> Void]>([])
    private let shortcomings = Lock<[Shortcoming]>([])

    private init() throws { scratch = try ScratchDirectory() }

    /// Plays `body` on a thread of its own and reports what it found.
    static func play(_ body: @escaping @Sendable (Scenario) throws -> Void) async throws {
        let scenario = try Scenario()
        let found = try await onThread {
            defer { scenario.endAll() }
            do { try body(scenario) } catch { scenario.note(error) }
            return scenario.shortcomings.withLock { $0 }
        }
        for one in found {
            Issue.record(Comment(rawValue: one.description), sourceLocation: one.location ?? #_sourceLocation)
        }
    }

    /// Starts a program that ends with the scenario.
    func start(
        _ name: String, _ executable: String, _ arguments: [String],
        environment: [String: String] = Program.environment
    ) throws -> RunningProcess {
        let process = try RunningProcess(name, executable, arguments, environment: environment)
        processes.withLock { $0.append(process) }
        return process
    }

    /// Does something when the scenario ends, however it does: the last first, then the processes end.
    func atEnd(_ ending: @escaping @Sendable () -> Void) {
        endings.withLock { $0.append(ending) }
    }

    /// Notes a shortcoming if `condition` doesn't hold, and goes on.
    @discardableResult
    func check(
        _ condition: Bool, _ claim: @autoclosure () -> String, at location: SourceLocation = #_sourceLocation
    ) -> Bool {
        if !condition { note(Shortcoming(claim(), at: location)) }
        return condition
    }

    /// Ends the test if `condition` doesn't hold.
    func require(
        _ condition: Bool, _ claim: @autoclosure () -> String, at location: SourceLocation = #_sourceLocation
    ) throws {
        if !condition { throw Shortcoming(claim(), at: location) }
    }

    /// Looks again and again until `look` finds something; ends the test when `patience` is over.
    @discardableResult
    func wait<Found>(
        for what: String, within patience: Duration = .seconds(20),
        at location: SourceLocation = #_sourceLocation, _ look: () throws -> Found?
    ) throws -> Found {
        let deadline = Clock.boottime() + patience
        while true {
            if let found = try look() { return found }
            guard Clock.boottime() < deadline else {
                throw Shortcoming("waited \(patience) in vain for \(what)", at: location)
            }
            Pause.short()
        }
    }

    /// Looks again and again until `condition` holds.
    func wait(
        until what: String, within patience: Duration = .seconds(20),
        at location: SourceLocation = #_sourceLocation, _ condition: () throws -> Bool
    ) throws {
        try wait(for: what, within: patience, at: location) { try condition() ? true : nil }
    }

    private func note(_ error: any Error) {
        let shortcoming = error as? Shortcoming
        let logs = processes.withLock { $0.map(\.lastLines) }
        let text = ([shortcoming?.description ?? "\(error)"] + logs).joined(separator: "\n")
        shortcomings.withLock { $0.append(Shortcoming(text, at: shortcoming?.location)) }
    }

    private func endAll() {
        for ending in endings.withLock({ $0 }).reversed() { ending() }
        for process in processes.withLock({ $0 }).reversed() { process.kill() }
        // The last test's directory would else race with the end of the tests.
        scratch.remove()
    }
}
