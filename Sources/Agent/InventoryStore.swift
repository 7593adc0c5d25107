import Log
import POSIX
import Lifecycle

/// Keeps an inventory across restarts, in the state directory.
struct InventoryStore: Sendable {
    let directory: StateDirectory
    let log: Logger

    /// What the last process knew; nothing, if there is nothing that could be used.
    func load() -> [CertificateName: SetMemory] {
        do {
            let bytes = try directory.root.openFile(InventoryFile.name).readToEnd(
                limit: InventoryFile.longest)
            return try InventoryFile.decode(bytes)
        } catch let error as SystemError where error.errno == .notFound {
            return [:]
        } catch {
            log.warn(
                "remembered inventory is of no use, all certificates are read anew",
                ["path": .string(directory.root.path(of: InventoryFile.name)), "error": .string("\(error)")])
            return [:]
        }
    }

    func store(_ memories: [CertificateName: SetMemory]) {
        do {
            try AtomicFile.replace(
                in: directory.root, name: InventoryFile.name, with: InventoryFile.encode(memories),
                mode: 0o600)
        } catch {
            log.warn(
                "inventory could not be remembered, the next start reads all certificates anew",
                ["error": .string("\(error)")])
        }
    }
}
