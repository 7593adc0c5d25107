// swift-tools-version:6.2
import PackageDescription

// The floors of docs/architecture.md. A target may name only targets of the floors below it as dependencies;
// Tests/ArchitectureTests holds the sources to the same rule.

/// Every Swift target: the language of the house, and no warning survives a build.
let house: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

/// Product code besides: an unmarked use of a pointer is a warning, and so an error. Floor 1 marks each border
/// crossing `unsafe`; above it the word itself is refused by Tests/ArchitectureTests.
let fenced: [SwiftSetting] = house + [.strictMemorySafety()]

func room(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: fenced)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], resources: [Resource] = []) -> Target {
    .testTarget(
        name: name, dependencies: ["TestSupport"] + dependencies, resources: resources, swiftSettings: house)
}

let package = Package(
    name: "certplane-agent",
    products: [
        .executable(name: "certplane-agent", targets: ["certplane-agent"]),
        .executable(name: "certplane-broker", targets: ["certplane-broker"]),
    ],
    targets: [
        // Floor 0: C.
        .target(name: "CPOSIX", cSettings: [.define("_GNU_SOURCE")]),
        .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "CYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),

        // Floor 0 besides: values as text, for every room.
        room("Notation", []),

        // Floor 1: owners over C.
        room("POSIX", ["CPOSIX"]),
        room("PKI", ["COpenSSL", "Notation"]),
        room("Transfer", ["CCurl", "COpenSSL"]),
        room("YAML", ["CYAML"]),

        // Floor 2: values, rules, the reactor.
        room("Lifecycle", ["Notation"]),
        room("Configuration", ["Lifecycle", "YAML"]),
        room("HTTP", ["Notation"]),
        room("HTTPServer", ["HTTP", "POSIX", "PKI"]),
        room("Log", ["POSIX", "Notation"]),

        // Floor 3: the tenants.
        room("Agent", ["Lifecycle", "POSIX", "PKI", "Transfer", "Log", "Configuration", "Notation"]),
        room("LocalAPI", ["Lifecycle", "HTTP", "HTTPServer", "Log", "POSIX", "Notation"]),
        room("Broker", ["HTTP", "HTTPServer", "POSIX", "PKI", "YAML", "Lifecycle", "Log"]),

        // Floor 4: the processes.
        .executableTarget(
            name: "certplane-agent",
            dependencies: [
                "Agent", "LocalAPI", "Lifecycle", "Configuration", "HTTP", "HTTPServer", "Log", "POSIX",
                "PKI", "Transfer", "Notation",
            ],
            swiftSettings: fenced),
        .executableTarget(
            name: "certplane-broker", dependencies: ["Broker", "HTTPServer", "Log", "POSIX", "PKI"],
            swiftSettings: fenced),

        .target(
            name: "TestSupport", dependencies: ["POSIX", "PKI", "Transfer", "Lifecycle"],
            path: "Tests/TestSupport",
            swiftSettings: house),
        tests("NotationTests", ["Notation"]),
        // The state machine in a simulated world: for LifecycleTests, and at length for scripts/simulate.
        .target(
            name: "Simulation", dependencies: ["Lifecycle"], path: "Tests/Simulation", swiftSettings: house),
        .executableTarget(
            name: "certplane-simulate", dependencies: ["Simulation"], path: "Tests/certplane-simulate",
            swiftSettings: house),
        // What scripts/bench measures instruction by instruction.
        .executableTarget(
            name: "certplane-gauge", dependencies: ["HTTP", "LocalAPI", "Lifecycle", "Log", "POSIX", "PKI"],
            path: "Benchmarks/gauge", swiftSettings: house),
        tests("POSIXTests", ["POSIX"]),
        tests("PKITests", ["PKI", "POSIX"]),
        tests("TransferTests", ["Transfer", "PKI", "POSIX"]),
        tests("YAMLTests", ["YAML"]),
        tests("LifecycleTests", ["Lifecycle", "Simulation"]),
        tests(
            "ConfigurationTests", ["Configuration", "Lifecycle", "YAML"], resources: [.copy("Vectors")]),
        // Requests with their verdicts, for the parser alone and behind a socket.
        .target(
            name: "RequestVectors", dependencies: ["HTTP"], path: "Tests/RequestVectors",
            resources: [.copy("Vectors")], swiftSettings: house),
        tests("HTTPTests", ["HTTP", "RequestVectors"]),
        tests("HTTPServerTests", ["HTTPServer", "HTTP", "POSIX", "PKI", "RequestVectors"]),
        tests("LogTests", ["Log", "POSIX"]),
        tests(
            "AgentTests",
            [
                "Agent", "Broker", "HTTP", "HTTPServer", "Lifecycle", "POSIX", "PKI", "Transfer", "Log",
                "Configuration",
            ]),
        tests(
            "LocalAPITests", ["LocalAPI", "Lifecycle", "HTTP", "HTTPServer", "Log", "POSIX"],
            resources: [.copy("Vectors"), .copy("Browser")]),
        tests(
            "BrokerTests",
            ["Broker", "Configuration", "HTTP", "HTTPServer", "POSIX", "PKI", "Lifecycle", "Log"]),
        tests(
            "CommandLineTests",
            ["certplane-agent", "Agent", "Configuration", "Lifecycle", "POSIX", "Notation"]),
        tests("ArchitectureTests", []),
        tests("EndToEndTests", ["POSIX", "PKI"]),
    ]
)

// The fuzz targets stand behind libFuzzer, whose runtime is linked only where it is asked for (scripts/fuzz), or behind
// a test that replays what it has found.
let fuzzed: [Target.Dependency] = ["HTTP", "Configuration", "PKI", "Agent", "Lifecycle", "Notation"]
if Context.environment["CERTPLANE_FUZZ"] != nil {
    package.products.append(.executable(name: "certplane-fuzz", targets: ["certplane-fuzz"]))
    package.targets.append(
        .executableTarget(
            name: "certplane-fuzz", dependencies: fuzzed, path: "Fuzz/Sources",
            exclude: ["Tests"], sources: ["Targets", "Fuzzer"],
            swiftSettings: house + [.unsafeFlags(["-parse-as-library"])],
            linkerSettings: [.unsafeFlags(["-sanitize=fuzzer,address"])]))
} else {
    package.targets.append(
        .testTarget(
            name: "FuzzTests", dependencies: fuzzed, path: "Fuzz/Sources", exclude: ["Fuzzer"],
            sources: ["Targets", "Tests"],
            swiftSettings: house))
}
