import FoundationEssentials
import Lifecycle
import Log
import POSIX

/// Keeps the records of certificates off the engine's thread: what is put here is written by workers, for each
/// certificate in the order in which it was put. Of several records of one certificate that wait only the newest is
/// written.
///
/// Whoever acts on a record `settle`s it first: when that returns, the record is on the disk, or the disk has refused it.
/// What was refused is kept until `retry`.
final class RecordKeeper: Sendable {
    /// What is to become of one certificate's record.
    enum Order: Sendable {
        case store(CertificateRecord)
        case forget
    }

    /// Carries orders out, all of different certificates, says in the log what could not be done, and returns that.
    typealias Write = @Sendable (Batch) -> Refusal
    typealias Batch = [(name: CertificateName, order: Order)]

    /// What could not be done, and why.
    struct Refusal: Sendable {
        var orders: Batch = []
        var detail = ""

        fileprivate mutating func take(_ refused: Batch, _ error: SystemError) {
            orders += refused
            detail = error.description
        }
    }

    private struct Desk: Sendable {
        var waiting: [CertificateName: Order] = [:]
        /// In the order in which they began to wait; those that have been taken out of turn are passed over.
        var queue: [CertificateName] = []
        var written: Set<CertificateName> = []
        /// What the disk has refused and nothing newer has replaced.
        var refused: [CertificateName: Order] = [:]
        /// What it has refused and waits again, or is being written again.
        var retried: Set<CertificateName> = []
        /// Since when there was always something that the disk had refused, and what it said last.
        var unstored: (since: Date, detail: String)?
        var writers = 0

        mutating func note(_ refusal: Refusal) {
            if !refusal.orders.isEmpty {
                unstored = (unstored?.since ?? Date.now, refusal.detail)
            } else if refused.isEmpty, retried.isEmpty {
                unstored = nil
            }
        }

        mutating func take(_ order: Order, for name: CertificateName) {
            if refused.removeValue(forKey: name) != nil { retried.insert(name) }
            if waiting.updateValue(order, forKey: name) == nil { queue.append(name) }
        }

        /// Whether one thread more should `run`; counts it.
        mutating func wantsWriter() -> Bool {
            guard !waiting.isEmpty,
                writers < min(RecordKeeper.mostWriters, 1 + waiting.count / RecordKeeper.batch)
            else { return false }
            writers += 1
            return true
        }
    }

    /// As many records share the synchronizing of their directory.
    private static let batch = 16
    /// A disk makes several files last in little more time than one.
    private static let mostWriters = 4

    private let desk = Monitor(Desk())
    private let write: Write

    init(write: @escaping Write) { self.write = write }

    /// Takes an order on, without waiting. True when one thread more should `run`, without which it may not be carried
    /// out.
    func put(_ order: Order, for name: CertificateName) -> Bool {
        desk.change { desk in
            desk.take(order, for: name)
            return desk.wantsWriter()
        }
    }

    /// Tries one of the refused orders again; when it can be carried out, so are the others. True as for `put`.
    func retry() -> Bool {
        desk.change { desk in
            if let (name, order) = desk.refused.first { desk.take(order, for: name) }
            return desk.wantsWriter()
        }
    }

    /// What the disk has refused; nil while it takes everything.
    var unstored: UnstoredState? {
        desk.change { desk in
            desk.unstored.map {
                UnstoredState(
                    count: max(desk.refused.count + desk.retried.count, 1), since: $0.since, detail: $0.detail
                )
            }
        }
    }

    /// Carries out what waits until nothing does. Blocks.
    func run() {
        while let batch = takeBatch() { carryOut(batch) }
    }

    /// Returns when nothing that was put before for these certificates waits any more, and whether all of it is carried
    /// out. Does it itself where nobody has begun, and tries once more what was refused.
    func settle(_ names: some Sequence<CertificateName>) -> Bool {
        var isStored = true
        for name in names {
            let order =
                desk.wait { desk -> Order?? in
                    if desk.written.contains(name) { return nil }
                    if let order = desk.refused.removeValue(forKey: name) { desk.take(order, for: name) }
                    guard let order = desk.waiting.removeValue(forKey: name) else { return .some(nil) }
                    desk.written.insert(name)
                    return .some(order)
                } ?? nil
            if let order, !carryOut([(name, order)]) { isStored = false }
        }
        return isStored
    }

    /// Whether all of it was done.
    @discardableResult
    private func carryOut(_ batch: Batch) -> Bool {
        let refusal = write(batch)
        desk.change { desk in
            for (name, _) in batch {
                desk.written.remove(name)
                desk.retried.remove(name)
            }
            if refusal.orders.count < batch.count {
                for (name, order) in desk.refused { desk.take(order, for: name) }
            }
            for (name, order) in refusal.orders where desk.waiting[name] == nil { desk.refused[name] = order }
            desk.note(refusal)
        }
        return refusal.orders.isEmpty
    }

    /// Nil when nothing waits; whoever puts something then needs another writer.
    private func takeBatch() -> Batch? {
        desk.wait { desk -> Batch?? in
            var batch: Batch = []
            var taken = 0
            var busy: [CertificateName] = []
            for name in desk.queue {
                if batch.count == Self.batch { break }
                taken += 1
                if desk.written.contains(name) {
                    busy.append(name)
                } else if let order = desk.waiting.removeValue(forKey: name) {
                    desk.written.insert(name)
                    batch.append((name, order))
                }
            }
            desk.queue.replaceSubrange(..<taken, with: busy)
            if !batch.isEmpty { return .some(batch) }
            // What is being written for somebody else may have to be written once more.
            if !desk.waiting.isEmpty { return nil }
            desk.queue = []
            desk.writers = max(0, desk.writers - 1)
            return .some(nil)
        } ?? nil
    }
}

extension RecordKeeper {
    /// Keeps the records in the state directory.
    convenience init(_ state: StateDirectory, _ log: Logger) {
        let clerk = RecordClerk(
            records: StateStore(directory: state, log: log),
            keys: PendingKeyStore(directory: state, log: log),
            log: log)
        self.init(write: clerk.carryOut)
    }
}

/// Carries out what is to become of records.
private struct RecordClerk: Sendable {
    let records: StateStore
    let keys: PendingKeyStore
    let log: Logger

    func carryOut(_ batch: RecordKeeper.Batch) -> RecordKeeper.Refusal {
        var stored: RecordKeeper.Batch = []
        var refused = RecordKeeper.Refusal()
        for (name, order) in batch {
            switch order {
            case .forget:
                do { try forget(name) } catch { refused.take([(name, order)], error) }
            case .store(let record):
                do {
                    try records.put(record, for: name)
                    stored.append((name, order))
                } catch {
                    tellUnstored(name, error)
                    refused.take([(name, order)], error)
                }
            }
        }
        if stored.isEmpty { return refused }
        do { try records.synchronize() } catch {
            for (name, _) in stored { tellUnstored(name, error) }
            refused.take(stored, error)
        }
        return refused
    }

    private func tellUnstored(_ name: CertificateName, _ error: SystemError) {
        log.error(
            "state could not be stored",
            [
                "certificate": .string(name.text), "error": .string("\(error)"),
                "advice": .string(FailureClass.stateDirectoryFailed.advice),
            ])
    }

    private func forget(_ name: CertificateName) throws(SystemError) {
        do {
            try keys.forget(name)
            try records.remove(name)
        } catch {
            log.warn(
                "state of a removed certificate could not be forgotten",
                ["certificate": .string(name.text), "error": .string("\(error)")])
            throw error
        }
        log.info("state of a removed certificate forgotten", ["certificate": .string(name.text)])
    }
}
