import FoundationEssentials
import POSIX

/// Where the programs are that the tests start.
enum Program {
    /// The programs under test: in the folder that `CERTPLANE_BINARIES` names, else beside the tests.
    static var agent: String { ownFolder + "/certplane-agent" }
    static var broker: String { ownFolder + "/certplane-broker" }

    static let nginx = "/usr/sbin/nginx"
    static let prometheus = "/usr/bin/prometheus"
    static let strace = "/usr/bin/strace"
    static let openssl = "/usr/bin/openssl"
    static let curl = "/usr/bin/curl"
    static let python = "/usr/bin/python3"
    static let unshare = "/usr/bin/unshare"
    static let shell = "/bin/sh"
    static let setpriv = "/usr/bin/setpriv"

    /// All that a child of the tests sees of the environment: nothing of the shell that started them.
    static let environment = [
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8",
        // A backtracer that starts for a process ended on purpose only costs time.
        "SWIFT_BACKTRACE": "enable=no",
    ]

    /// The top folder of the sources.
    static var repository: String {
        let file = #filePath
        return String(file.prefix(file.count - "/Tests/EndToEndTests/Harness/Program.swift".count))
    }

    private static let ownFolder: String = {
        if let named = Environment["CERTPLANE_BINARIES"], !named.isEmpty { return named }
        return builtFolder
    }()

    /// The build's folder: it holds the tests' bundle, and beside it the programs of the same build. Whether
    /// the tests run in the bundle itself or in a runner, the bundle is on the command line.
    private static var builtFolder: String {
        let arguments = CommandLine.arguments
        let bundle = arguments.first { $0.hasSuffix(".xctest") } ?? arguments.first ?? ""
        guard let slash = bundle.lastIndex(of: "/") else { return "." }
        return String(bundle[..<slash])
    }
}
