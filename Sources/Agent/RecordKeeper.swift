import Lifecycle
import Log
import POSIX

/// Keeps the records of certificates off the engine's thread: what is put here is written by workers, for each
/// certificate in the order in which it was put. Of several records of one certificate that wait only the newest is
/// written.
///
/// Whoever acts on a record `settle`s it first: when that returns, the record is on the disk.
final class RecordKeeper: Sendable {
    /// What is to become of one certificate's record.
    enum Order: Sendable {
        case store(CertificateRecord)
        case forget
    }

    /// Carries orders out, all of different certificates, and says in the log what could not be done.
    typealias Write = @Sendable (Batch) -> Void
    typealias Batch = [(name: CertificateName, order: Order)]

    private struct Desk: Sendable {
        var waiting: [CertificateName: Order] = [:]
        /// In the order in which they began to wait; those that have been taken out of turn are passed over.
        var queue: [CertificateName] = []
        var written: Set<CertificateName> = []
        var writers = 0
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
            if desk.waiting.updateValue(order, forKey: name) == nil { desk.queue.append(name) }
            guard desk.writers < min(Self.mostWriters, 1 + desk.waiting.count / Self.batch) else {
                return false
            }
            desk.writers += 1
            return true
        }
    }

    /// Carries out what waits until nothing does. Blocks.
    func run() {
        while let batch = takeBatch() { carryOut(batch) }
    }

    /// Returns when nothing that was put before for these certificates waits any more. Does it itself where nobody has
    /// begun.
    func settle(_ names: some Sequence<CertificateName>) {
        for name in names {
            let order =
                desk.wait { desk -> Order?? in
                    if desk.written.contains(name) { return nil }
                    guard let order = desk.waiting.removeValue(forKey: name) else { return .some(nil) }
                    desk.written.insert(name)
                    return .some(order)
                } ?? nil
            if let order { carryOut([(name, order)]) }
        }
    }

    private func carryOut(_ batch: Batch) {
        write(batch)
        desk.change { desk in for (name, _) in batch { desk.written.remove(name) } }
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

    func carryOut(_ batch: RecordKeeper.Batch) {
        var stored: [CertificateName] = []
        for (name, order) in batch {
            switch order {
            case .forget: forget(name)
            case .store(let record):
                do {
                    try records.put(record, for: name)
                    stored.append(name)
                } catch {
                    tellUnstored(name, error)
                }
            }
        }
        if stored.isEmpty { return }
        do { try records.synchronize() } catch {
            for name in stored { tellUnstored(name, error) }
        }
    }

    private func tellUnstored(_ name: CertificateName, _ error: SystemError) {
        log.error(
            "state could not be stored",
            [
                "certificate": .string(name.text), "error": .string("\(error)"),
                "advice": .string(FailureClass.stateDirectoryFailed.advice),
            ])
    }

    private func forget(_ name: CertificateName) {
        do {
            try keys.forget(name)
            try records.remove(name)
            log.info("state of a removed certificate forgotten", ["certificate": .string(name.text)])
        } catch {
            log.warn(
                "state of a removed certificate could not be forgotten",
                ["certificate": .string(name.text), "error": .string("\(error)")])
        }
    }
}
