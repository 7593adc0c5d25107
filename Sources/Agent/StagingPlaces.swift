import Configuration
import Lifecycle
import Log
import POSIX

/// The directories into which this agent may have staged something: what a crash leaves there has to be found also
/// when the configuration no longer names them. One file in the state directory.
struct StagingPlaces {
    let state: StateDirectory
    let log: Logger

    private static let name = "directories"
    private static let longest = 64 << 20

    /// One change at a time: workers stage side by side.
    private static let changing = Lock(())

    /// What can't be read at the moment is not written over, and nil.
    func read() -> Set<String>? {
        do {
            let bytes = try state.root.openFile(Self.name).readToEnd(limit: Self.longest)
            return Set(
                bytes.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
                    .filter { $0.hasPrefix("/") })
        } catch {
            if error.errno == .notFound { return [] }
            let isPassing = StateDirectory.passing.contains(error.errno)
            var attributes: LogAttributes = ["error": .string(error.description)]
            if !isPassing, let kept = try? StateDirectory.setAside(Self.name, in: state.root) {
                attributes.append("kept_as", .string(kept))
            }
            attributes.append(
                "advice",
                "Look for files named .certplane-* in directories that the configuration names no more.")
            log.warn("list of the outputs' directories can't be read", attributes)
            return isPassing ? nil : []
        }
    }

    /// Before anything is staged there. What is known now.
    @discardableResult
    func add(_ settings: AgentConfiguration) -> Set<String> { add(settings.outputDirectories) }

    @discardableResult
    func add(_ places: Set<String>) -> Set<String> {
        Self.changing.withLock { _ in
            state.noted.withLock { $0?.formUnion(places) }
            guard let known = read() else { return places }
            let all = known.union(places)
            replace(known, by: all)
            return all
        }
    }

    /// Before directories are swept that are then let go of.
    func beginLettingGo() { state.noted.withLock { $0 = [] } }

    /// These have nothing of ours any more; what was noted meanwhile is kept.
    func letGo(_ swept: Set<String>) {
        Self.changing.withLock { _ in
            let noted = state.noted.withLock { $0.take() } ?? []
            guard let known = read() else { return }
            replace(known, by: known.subtracting(swept.subtracting(noted)))
        }
    }

    private func replace(_ before: Set<String>, by places: Set<String>) {
        if places == before { return }
        do {
            try AtomicFile.replace(
                in: state.root, name: Self.name, with: Array(places.sorted().joined(separator: "\0").utf8),
                mode: 0o600)
        } catch {
            log.warn(
                "directories of the outputs could not be noted",
                ["error": .string("\(error)"), "advice": .string(FailureClass.stateDirectoryFailed.advice)])
        }
    }
}

extension AgentConfiguration {
    /// Of every certificate, and of the identity.
    var outputPaths: [String] {
        certificates.flatMap(\.outputs.paths) + [identity.certificatePath, identity.keyPath]
    }

    /// Each directory with the paths that lead there.
    var outputPlaces: [PlacesSweep.Place] {
        let inDirectories = outputPaths.compactMap { path in
            path.splitAtLastSlash.map { ($0.parent, [path]) }
        }
        return Dictionary(inDirectories, uniquingKeysWith: +)
            .map { PlacesSweep.Place(directory: $0.key, paths: $0.value) }
            .sorted { $0.directory < $1.directory }
    }

    /// As the paths have them.
    var outputDirectories: Set<String> {
        var directories: Set<String> = []
        var last: Substring = ""
        for path in outputPaths {
            guard let end = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { continue }
            // The files of one certificate mostly lie together.
            let directory = path[..<end]
            if directory == last { continue }
            last = directory
            directories.insert(String(directory))
        }
        return directories
    }
}
