import Lifecycle
import Log
import POSIX
import TestSupport
import Testing

@testable import Agent

@Suite struct RecordKeeperTests {
    /// Writes nothing but a diary: the names of each batch, with the failures that their records count.
    private final class Diary: Sendable {
        let batches = Lock<[[String]]>([])
        let pause = Monitor(false)
        let begun = Monitor(0)

        let isFull = Lock(false)
        /// A file that can never be written.
        let broken = Lock("")

        func write(_ batch: RecordKeeper.Batch) -> RecordKeeper.Refusal {
            begun.change { $0 += 1 }
            pause.wait { $0 ? nil : () }
            batches.withLock { batches in
                batches.append(
                    batch.map { name, order in
                        if case .store(let record) = order {
                            "\(name) \(record.consecutiveFailures)"
                        } else {
                            "\(name) forgotten"
                        }
                    })
            }
            let (isFull, broken) = (isFull.withLock { $0 }, broken.withLock { $0 })
            let refused = batch.filter { isFull || $0.name.text == broken }
            return RecordKeeper.Refusal(orders: refused, detail: refused.isEmpty ? "" : "the disk is full")
        }
    }

    private let diary = Diary()
    private let keeper: RecordKeeper

    init() {
        let diary = diary
        keeper = RecordKeeper { diary.write($0) }
    }

    private func name(_ text: String) throws -> CertificateName { try CertificateName(validating: text) }

    private func record(_ failures: Int) -> RecordKeeper.Order {
        var record = CertificateRecord()
        record.consecutiveFailures = failures
        return .store(record)
    }

    @Test func `one writer is asked for, and writes all that waits, together`() throws {
        #expect(keeper.put(record(1), for: try name("a")))
        #expect(!keeper.put(record(2), for: try name("b")))
        keeper.run()
        #expect(diary.batches.withLock { $0 } == [["a 1", "b 2"]])
        #expect(keeper.put(record(3), for: try name("a")))
        keeper.run()
        #expect(diary.batches.withLock { $0.last } == ["a 3"])
    }

    @Test func `of several records of one certificate the newest is written, in its first one's turn`() throws
    {
        for failures in 1...3 { _ = keeper.put(record(failures), for: try name("a")) }
        _ = keeper.put(record(9), for: try name("b"))
        _ = keeper.put(.forget, for: try name("a"))
        keeper.run()
        #expect(diary.batches.withLock { $0 } == [["a forgotten", "b 9"]])
    }

    @Test func `what the disk refused is tried again, one until it takes it, and the newest of each`() throws
    {
        #expect(!keeper.retry())
        #expect(keeper.unstored == nil)
        diary.isFull.withLock { $0 = true }
        for text in ["a", "b", "c"] { _ = keeper.put(record(1), for: try name(text)) }
        keeper.run()
        let unstored = try #require(keeper.unstored)
        #expect(unstored.count == 3)
        #expect(unstored.detail == "the disk is full")
        #expect(keeper.retry())
        keeper.run()
        #expect(keeper.unstored == unstored, "since the first refusal")
        #expect(diary.batches.withLock { $0 }.map(\.count) == [3, 1])
        #expect(!keeper.settle([try name("a")]), "who acts on it has to know")
        diary.isFull.withLock { $0 = false }
        #expect(keeper.settle([try name("a")]))
        #expect(keeper.put(record(2), for: try name("b")))
        keeper.run()
        let last = diary.batches.withLock { $0.dropFirst(3).flatMap(\.self) }
        #expect(last.sorted() == ["a 1", "b 2", "c 1"])
        #expect(keeper.unstored == nil)
        #expect(!keeper.retry())
    }

    @Test func `what is stored beside it makes nothing of a record that never is`() throws {
        diary.broken.withLock { $0 = "a" }
        _ = keeper.put(record(1), for: try name("a"))
        keeper.run()
        let unstored = try #require(keeper.unstored)
        for _ in 0..<3 {
            _ = keeper.put(record(1), for: try name("b"))
            keeper.run()
            #expect(keeper.unstored == unstored)
        }
    }

    @Test(.enabled(if: ProcessFacts.userID == 0))
    func `a full state directory is told until it takes what it refused`() async throws {
        let (name, record) = (try name("a"), record(3))
        let host = try TestHost()
        let path = host.scratch.path("state")
        try Directory.open(host.scratch.path).makeDirectory("state", mode: 0o700).synchronize()
        try await MountNamespace.run {
            try MountNamespace.memory(at: path, "size=64k,mode=700")
            try Self.fillAndFree(host, name, record)
            try MountNamespace.unmount(path)
        }
    }

    private static func fillAndFree(
        _ host: TestHost, _ name: CertificateName, _ record: RecordKeeper.Order
    ) throws {
        let state = try host.stateDirectory()
        let keeper = RecordKeeper(state, host.log)
        #expect(throws: (any Error).self) {
            try host.scratch.write("state/ballast", String(repeating: "x", count: 1 << 17), mode: 0o600)
        }
        #expect(keeper.put(record, for: name))
        keeper.run()
        #expect(keeper.unstored?.detail.contains("No space left on device") == true)
        #expect(host.capture.lines.contains { $0.contains("state could not be stored") })
        #expect(try state.records.entries() == [], "nothing is left staged")

        #expect(try state.root.unlinkIfPresent("ballast"))
        #expect(keeper.retry())
        keeper.run()
        #expect(keeper.unstored == nil)
        let store = StateStore(directory: state, log: host.log)
        #expect(try store.stored(for: name)?.consecutiveFailures == 3)
    }

    @Test func `who settles a record that nobody has begun writes it, and it is not written twice`() throws {
        _ = keeper.put(record(1), for: try name("a"))
        _ = keeper.put(record(2), for: try name("b"))
        #expect(keeper.settle([try name("b"), try name("unknown")]))
        #expect(diary.batches.withLock { $0 } == [["b 2"]])
        keeper.run()
        #expect(diary.batches.withLock { $0 } == [["b 2"], ["a 1"]])
    }

    @Test func `who settles a record that is being written waits for that, and for what came after it`()
        throws
    {
        diary.pause.change { $0 = true }
        _ = keeper.put(record(1), for: try name("a"))
        let keeper = keeper
        let writer = try Worker(name: "writer") { keeper.run() }
        diary.begun.wait { $0 == 1 ? () : nil }
        _ = keeper.put(record(2), for: try name("a"))
        let (a, diary) = (try name("a"), diary)
        let written = Lock<[[String]]>([])
        let settler = try Worker(name: "settler") {
            _ = keeper.settle([a])
            written.withLock { $0 = diary.batches.withLock { $0 } }
        }
        diary.pause.change { $0 = false }
        settler.join()
        writer.join()
        #expect(written.withLock { $0 } == [["a 1"], ["a 2"]])
        #expect(diary.batches.withLock { $0 } == [["a 1"], ["a 2"]])
    }

    @Test func `a large heap of records is written in batches`() throws {
        for number in 0..<40 { _ = keeper.put(record(number), for: try name("c\(number)")) }
        keeper.run()
        #expect(diary.batches.withLock { $0.map(\.count) } == [16, 16, 8])
    }
}
