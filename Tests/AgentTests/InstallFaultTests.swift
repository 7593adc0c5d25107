import Lifecycle
import PKI
import POSIX
import TestSupport
import Testing

@testable import Agent

/// Every call of an install fails in turn: the set on disk is the old one or the new one, whole.
@Suite struct InstallFaultTests {
    /// Counts calls and fails some of them.
    private final class Trap: Sendable {
        private let calls = Lock<[InstallSeam.Call]>([])
        let isSprung: @Sendable (_ position: Int, InstallSeam.Call) -> Bool

        init(_ isSprung: @escaping @Sendable (_ position: Int, InstallSeam.Call) -> Bool) {
            self.isSprung = isSprung
        }

        var made: [InstallSeam.Call] { calls.withLock { $0 } }

        var seam: InstallSeam {
            InstallSeam { [self] (call, path) throws(SystemError) in
                let position = calls.withLock { calls in
                    calls.append(call)
                    return calls.count - 1
                }
                if isSprung(position, call) { throw SystemError(call.rawValue, path, .inputOutput) }
            }
        }
    }

    private struct Renewal {
        let host: TestHost
        let old: [String: [UInt8]]
        let new: [String: [UInt8]]
        let bundle: IssuedBundle
        let key: SecretBytes
    }

    /// A host with an installed set of five files (or none), and the set that replaces it.
    private func renewal(first: Bool) throws -> Renewal {
        let host = try TestHost(combined: true)
        if !first {
            let (bundle, key) = try host.issued()
            _ = try Installer(gate: Gate()).install(bundle, pendingKey: key, for: host.certificate)
        }
        let (bundle, key) = try host.issued()
        let fullchain = Array(bundle.fullchainPEM.utf8)
        return Renewal(
            host: host, old: try host.outputs(),
            new: [
                "key.pem": key.bytes, "cert.pem": Array(bundle.certificatePEM.utf8),
                "chain.pem": Array(bundle.chainPEM.utf8), "fullchain.pem": fullchain,
                "combined.pem": key.bytes + fullchain,
            ], bundle: bundle, key: key)
    }

    private func install(_ renewal: Renewal, _ trap: Trap) throws -> [String] {
        try Installer(gate: Gate(), seam: trap.seam)
            .install(renewal.bundle, pendingKey: renewal.key, for: renewal.host.certificate)
    }

    @Test(arguments: [true, false])
    func `after any single failed call the set is whole and nothing is left beside it`(first: Bool) throws {
        let dry = Trap { _, _ in false }
        _ = try install(try renewal(first: first), dry)
        let calls = dry.made
        #expect(calls.filter { $0 == .rename }.count == 5)
        #expect(calls.filter { $0 == .link }.count == (first ? 0 : 5))
        for (position, call) in calls.enumerated() {
            let renewal = try renewal(first: first)
            do {
                let warnings = try install(renewal, Trap { made, _ in made == position })
                #expect(!warnings.isEmpty, "call \(position) (\(call)) failed without a word")
                StagingSweep(log: renewal.host.log).sweepBeside([renewal.host.certificate.outputs.key])
                #expect(try renewal.host.outputs() == renewal.new, "call \(position) (\(call))")
            } catch let failure as RenewalFailure {
                #expect(failure.stage == .install)
                #expect(failure.failureClass == .fileSystemError)
                #expect(try renewal.host.outputs() == renewal.old, "call \(position) (\(call))")
            }
        }
    }

    @Test func `a disk that dies for good leaves the old set until the first rename, and is told after it`()
        throws
    {
        let dry = Trap { _, _ in false }
        _ = try install(try renewal(first: false), dry)
        let renames = dry.made.indices.filter { dry.made[$0] == .rename }
        let (firstRename, lastRename) = (try required(renames.first), try required(renames.last))
        for position in dry.made.indices {
            let renewal = try renewal(first: false)
            do {
                _ = try install(renewal, Trap { made, _ in made >= position })
                #expect(position > lastRename)
            } catch let failure as RenewalFailure {
                let isStuck = position > firstRename && position <= lastRename
                #expect(failure.failureClass == (isStuck ? .installStuck : .fileSystemError))
            }
            StagingSweep(log: renewal.host.log).sweepBeside([renewal.host.certificate.outputs.key])
            let outputs = try renewal.host.outputs()
            if position <= firstRename { #expect(outputs == renewal.old) }
            if position > lastRename { #expect(outputs == renewal.new) }
            // Whatever happened, no file is torn or empty.
            for (name, bytes) in outputs { #expect(bytes == renewal.old[name] || bytes == renewal.new[name]) }
        }
    }

    @Test func `what can't be put back keeps its old file under a second name`() throws {
        let renewal = try renewal(first: false)
        let dry = Trap { _, _ in false }
        _ = try install(try self.renewal(first: false), dry)
        let third = try required(dry.made.firstIndex(of: .rename)) + 2
        let failure = #expect(throws: RenewalFailure.self) {
            try install(renewal, Trap { made, call in call == .rename && made >= third })
        }
        #expect(failure?.failureClass == .installStuck)
        #expect(failure?.detail.contains("out/key.pem") == true)
        let outputs = try renewal.host.outputs()
        for bytes in renewal.old.values { #expect(outputs.values.contains(bytes)) }
        // Two are stuck; of the others no second name stays.
        #expect(outputs.count == renewal.old.count + 2)
    }

    @Test(arguments: [
        (Errno.noSpace, FailureClass.diskFull), (.permissionDenied, .permissionDenied),
        (.notPermitted, .permissionDenied), (.readOnlyFileSystem, .readOnly),
        (.inputOutput, .fileSystemError),
        (Errno(rawValue: 122), .diskFull),
    ])
    func `the class of a failure follows the kernel's reason`(errno: Errno, expected: FailureClass) throws {
        let host = try TestHost()
        let (bundle, key) = try host.issued()
        let seam = InstallSeam { (call, path) throws(SystemError) in
            if call == .synchronize { throw SystemError("fsync", path, errno) }
        }
        let failure = #expect(throws: RenewalFailure.self) {
            try Installer(gate: Gate(), seam: seam).install(bundle, pendingKey: key, for: host.certificate)
        }
        #expect(failure?.failureClass == expected)
        #expect(failure?.detail.contains("/out/") == true)
        #expect(try host.outputNames().isEmpty)
    }

    @Test func `every content is on the disk before the first rename, every rename before its directory`()
        throws
    {
        let trap = Trap { _, _ in false }
        _ = try install(try renewal(first: false), trap)
        let calls = trap.made
        let firstRename = try required(calls.firstIndex(of: .rename))
        let lastRename = try required(calls.lastIndex(of: .rename))
        #expect(try required(calls.lastIndex(of: .synchronize)) < firstRename)
        #expect(try required(calls.lastIndex(of: .link)) < firstRename)
        #expect(try required(calls.firstIndex(of: .synchronizeDirectory)) > lastRename)
        #expect(try required(calls.firstIndex(of: .unlink)) > lastRename)
        #expect(calls.filter { $0 == .synchronizeDirectory }.count == 1)
    }

    @Test func `no rename happens while somebody passes the gate alone`() async throws {
        let renewal = try renewal(first: true)
        let gate = Gate()
        let (entered, leave, renamed) = (try Bell(), try Bell(), try Bell())
        let alone = try Worker(name: "alone") {
            gate.withExclusive {
                entered.ring()
                _ = leave.wait(until: Clock.boottime() + .seconds(10))
            }
        }
        try await onThread {
            _ = entered.wait(until: Clock.boottime() + .seconds(10))
            let staged = try Bell()
            let seam = InstallSeam { (call, _) throws(SystemError) in
                if call == .rename { renamed.ring() }
                if call == .synchronize { staged.ring() }
            }
            let installing = try Worker(name: "installing") {
                _ = try? Installer(gate: gate, seam: seam)
                    .install(renewal.bundle, pendingKey: renewal.key, for: renewal.host.certificate)
            }
            _ = staged.wait(until: Clock.boottime() + .seconds(10))
            #expect(renamed.wait(until: Clock.boottime() + .milliseconds(50)) == .timedOut)
            leave.ring()
            #expect(renamed.wait(until: Clock.boottime() + .seconds(10)) == .rung)
            installing.join()
            alone.join()
        }
        #expect(try renewal.host.outputs() == renewal.new)
    }
}
