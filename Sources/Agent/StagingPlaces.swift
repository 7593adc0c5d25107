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

    /// Empty as well if it can't be told.
    func read() -> Set<String> {
        guard let bytes = try? state.root.openFile(Self.name).readToEnd(limit: Self.longest) else {
            return []
        }
        return Set(
            bytes.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }.filter { $0.hasPrefix("/") }
        )
    }

    /// Before anything is staged there. What is known now.
    @discardableResult
    func add(_ settings: AgentConfiguration) -> Set<String> {
        let known = read()
        let all = known.union(settings.outputDirectories)
        replace(known, by: all)
        return all
    }

    func replace(_ before: Set<String>, by places: Set<String>) {
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
