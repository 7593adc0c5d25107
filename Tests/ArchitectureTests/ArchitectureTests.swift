import Foundation
import Testing

/// The walls of docs/architecture.md, read from the sources themselves.
@Suite struct ArchitectureTests {
    /// Which modules of ours each room may import: floors below it, and nothing sideways but what is named here.
    static let allowed: [String: Set<String>] = [
        "Notation": [],
        "POSIX": ["CPOSIX"],
        "PKI": ["COpenSSL", "Notation"],
        "Transfer": ["CCurl", "COpenSSL"],
        "YAML": ["CYAML"],
        "Lifecycle": ["Notation"],
        "Configuration": ["Lifecycle", "YAML"],
        "HTTP": ["Notation"],
        "HTTPServer": ["HTTP", "POSIX", "PKI"],
        "Log": ["POSIX", "Notation"],
        "Agent": ["Lifecycle", "Configuration", "POSIX", "PKI", "Transfer", "Log", "Notation"],
        "LocalAPI": ["Lifecycle", "HTTP", "HTTPServer", "Log", "POSIX", "Notation"],
        "Broker": ["HTTP", "HTTPServer", "POSIX", "PKI", "YAML", "Lifecycle", "Log"],
        "certplane-agent": [
            "Agent", "LocalAPI", "Lifecycle", "Configuration", "HTTP", "HTTPServer", "Log", "POSIX", "PKI",
            "Transfer", "Notation",
        ],
        "certplane-broker": ["Broker", "HTTPServer", "Log", "POSIX", "PKI"],
    ]

    /// Modules of the toolchain that product code may use. Foundation proper costs 44 MB, `Process` 51 ms a child.
    static let toolchain: Set<String> = ["FoundationEssentials", "Synchronization", "Glibc"]

    /// The only rooms in which the word `unsafe` may stand.
    static let bordersWithC: Set<String> = ["POSIX", "PKI", "Transfer", "YAML"]

    @Test(arguments: allowed.keys.sorted())
    func `imports go down only`(room: String) throws {
        let permitted = try #require(Self.allowed[room]).union(Self.toolchain)
        for file in try swiftFiles(of: room) {
            for module in importedModules(in: try String(contentsOf: file, encoding: .utf8)) {
                #expect(permitted.contains(module), "\(file.lastPathComponent) imports \(module)")
            }
        }
    }

    @Test func `every room is known to this test`() throws {
        let rooms = try FileManager.default.contentsOfDirectory(atPath: root.appending(path: "Sources").path)
        let swiftRooms = rooms.filter { !["CPOSIX", "COpenSSL", "CCurl", "CYAML"].contains($0) }
        #expect(Set(swiftRooms) == Set(Self.allowed.keys))
    }

    @Test(arguments: allowed.keys.filter { !bordersWithC.contains($0) }.sorted())
    func `no pointer and no unsafe above floor 1`(room: String) throws {
        let refused = [
            "UnsafePointer", "UnsafeMutable", "UnsafeRaw", "UnsafeBuffer", "OpaquePointer",
            "Unmanaged",
            "withUnsafe", "@unchecked Sendable", "nonisolated(unsafe)", "import Glibc",
        ]
        for file in try swiftFiles(of: room) {
            for (number, line) in try code(of: file) {
                for word in refused where line.contains(word) {
                    Issue.record("\(file.lastPathComponent):\(number): \(word)")
                }
                // The keyword, not a case of that name.
                if line.firstMatch(of: /(^|[^.\w])unsafe\s/) != nil {
                    Issue.record("\(file.lastPathComponent):\(number): unsafe")
                }
            }
        }
    }

    @Test(arguments: allowed.keys.sorted())
    func `no forced try, cast or trap`(room: String) throws {
        for file in try swiftFiles(of: room) {
            for (number, line) in try code(of: file) {
                for word in ["try!", "as!", "fatalError(", "preconditionFailure("] where line.contains(word) {
                    Issue.record("\(file.lastPathComponent):\(number): \(word)")
                }
            }
        }
    }

    /// Each of these brings megabytes into the static program: FoundationEssentials' coders and formatters, the
    /// regular expressions, the concurrency runtime with libdispatch. `scripts/bench size` has the total.
    @Test(arguments: allowed.keys.filter { !["Broker", "certplane-broker"].contains($0) }.sorted())
    func `the agent takes only small parts of the toolchain`(room: String) throws {
        let heavy =
            /\b(JSON(En|De)coder|FileManager|Data|URL|Calendar|Regex)[(.]|\b(Continuous|Suspending)Clock\b|\b(async|await)\s|\.formatted\(|ISO8601Format|\.(firstRange|ranges|replacing)\(/
        for file in try swiftFiles(of: room) {
            for (number, line) in try code(of: file) {
                if let match = line.firstMatch(of: heavy) {
                    Issue.record("\(file.lastPathComponent):\(number): \(match.output.0)")
                }
            }
        }
    }

    @Test func `every product target is built with the fences on`() throws {
        let scratch = FileManager.default.temporaryDirectory.appending(path: "fences-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: scratch) }
        let dump = try run(
            "swift",
            [
                "package", "--package-path", root.path, "--scratch-path", scratch.path, "dump-package",
            ])
        #expect(dump.status == 0)
        let manifest = try JSONDecoder().decode(Manifest.self, from: Data(dump.output.utf8))
        for room in Self.allowed.keys.sorted() {
            let target = try #require(manifest.targets.first { $0.name == room })
            let settings = target.settings.map(\.kind.name)
            #expect(settings.contains("strictMemorySafety"), "\(room)")
            #expect(settings.contains("treatAllWarnings"), "\(room)")
        }
    }

    @Test func `a pointer above floor 1 does not compile`() throws {
        let verdict = try typecheck(
            """
            public func peek(_ bytes: [UInt8]) -> UInt8 { bytes.withUnsafeBufferPointer { $0[0] } }
            """)
        #expect(verdict.status != 0)
        #expect(verdict.output.contains("unsafe"))
    }

    @Test func `the fence lets safe code through`() throws {
        let verdict = try typecheck("public func peek(_ bytes: [UInt8]) -> UInt8? { bytes.first }")
        #expect(verdict.status == 0, "\(verdict.output)")
    }
}

private struct Manifest: Decodable {
    struct Target: Decodable {
        var name: String
        var settings: [Setting]
    }
    struct Setting: Decodable {
        var kind: Kind
    }
    /// The manifest writes a setting's kind as an object with one key: its name.
    struct Kind: Decodable {
        var name: String
        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: AnyKey.self)
            name = container.allKeys.first?.stringValue ?? ""
        }
    }
    struct AnyKey: CodingKey {
        var stringValue: String
        var intValue: Int? { nil }
        init?(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }
    var targets: [Target]
}

private let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

private func swiftFiles(of room: String) throws -> [URL] {
    let folder = root.appending(path: "Sources/\(room)")
    let paths = try FileManager.default.subpathsOfDirectory(atPath: folder.path).filter {
        $0.hasSuffix(".swift")
    }
    try #require(!paths.isEmpty)
    return paths.map { folder.appending(path: $0) }
}

/// The lines of a file that aren't comments, numbered from 1.
private func code(of file: URL) throws -> [(Int, String)] {
    try String(contentsOf: file, encoding: .utf8).split(separator: "\n", omittingEmptySubsequences: false)
        .enumerated().map { ($0.offset + 1, String($0.element)) }
        .filter { !$0.1.drop(while: { $0 == " " }).hasPrefix("//") }
}

private func importedModules(in source: String) -> [String] {
    source.split(separator: "\n").compactMap { line in
        let words = line.split(separator: " ")
        guard let position = words.firstIndex(of: "import"),
            words[..<position].allSatisfy({
                ["public", "package", "internal", "private", "fileprivate"].contains($0) || $0.hasPrefix("@")
            }), position + 1 < words.count
        else { return nil }
        let kinds: Set<Substring> = [
            "struct", "class", "enum", "func", "protocol", "var", "let", "typealias",
        ]
        let name = kinds.contains(words[position + 1]) ? words[position + 2] : words[position + 1]
        return String(name.split(separator: ".")[0])
    }
}

private func typecheck(_ source: String) throws -> (status: Int32, output: String) {
    let file = FileManager.default.temporaryDirectory.appending(path: "fence-\(UUID().uuidString).swift")
    try source.write(to: file, atomically: true, encoding: .utf8)
    defer { try? FileManager.default.removeItem(at: file) }
    return try run(
        "swiftc",
        [
            "-typecheck", "-swift-version", "6", "-strict-memory-safety", "-warnings-as-errors", file.path,
        ])
}

private func run(_ command: String, _ arguments: [String]) throws -> (status: Int32, output: String) {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = [command] + arguments
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = command == "swift" ? FileHandle.nullDevice : pipe
    try process.run()
    let output = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: output, as: UTF8.self))
}
