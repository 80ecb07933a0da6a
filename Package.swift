// swift-tools-version: 6.3
// Batten: a durable workflow engine that hosts native plugins. Targets stand in layer order, lowest first;
// docs/architecture.md holds the table of what each module may import, and Tests/ArchitectureTests enforces it.
import PackageDescription

/// What every Swift target is compiled with: language mode 6, explicit imports and existentials, no warnings.
let common: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .treatAllWarnings(as: .error),
]

/// Modules that touch C pointers also state each unsafe expression.
let careful: [SwiftSetting] = common + [.strictMemorySafety()]

let abi: Target.Dependency = .product(name: "CBattenABI", package: "c")
let fakeHost: Target.Dependency = .product(name: "CBattenFakeHost", package: "c")
let json: Target.Dependency = .product(name: "CBattenJSON", package: "swift")
let sdk: Target.Dependency = .product(name: "BattenPlugin", package: "swift")
let transfer: Target.Dependency = .product(name: "BattenTransfer", package: "Shared")
let signature: Target.Dependency = .product(name: "BattenSignature", package: "Shared")
let files: Target.Dependency = .product(name: "BattenFiles", package: "Shared")

/// How plugins are linked: they export their entry function alone, and stay loaded for ever.
let alone: [LinkerSetting] = [
    .unsafeFlags([
        "-Xlinker", "-z", "-Xlinker", "nodelete", "-Xlinker",
        "--version-script=\(Context.packageDirectory)/Plugins/exports.map",
    ])
]

/// A bundled plugin: one target, one shared object named `libbatten-plugin-<id>.so`.
func bundled(_ id: String, _ target: String) -> Product {
    .library(name: "batten-plugin-\(id)", type: .dynamic, targets: [target])
}

/// A C plugin that exists for the tests: one folder under Tests/Fixtures, one shared object `libfixture-<name>.so`.
let fixtures: [String] = [
    "hostile", "hostile-cpp",
    "noop", "wrong-major", "short-struct", "no-entry", "other-abi", "lying-schema", "double-complete", "late-complete",
    "no-complete", "slow", "bad-id", "min-host-too-new", "poison", "services", "rules",
    "stray-thread", "leaky-blob", "own-process", "full-table", "meter", "many",
]

let package = Package(
    name: "batten",
    products: [
        .executable(name: "batten", targets: ["batten"]),
        .executable(name: "batten-worker", targets: ["batten-worker"]),
        bundled("shell", "ShellPlugin"),
        bundled("ffi", "FFIPlugin"),
        bundled("http", "HTTPPlugin"),
        bundled("llm", "LLMPlugin"),
        bundled("notify", "NotifyPlugin"),
        bundled("transform", "TransformPlugin"),
        .library(name: "fixture-functions", type: .dynamic, targets: ["fixture-functions"]),
        .library(name: "fixture-hostile-swift", type: .dynamic, targets: ["fixture-hostile-swift"]),
        bundled("file", "FilePlugin"),
        bundled("sql", "SQLPlugin"),
    ] + fixtures.map { .library(name: "fixture-\($0)", type: .dynamic, targets: ["fixture-\($0)"]) },
    dependencies: [
        .package(path: "sdk/c"),
        .package(path: "sdk/swift"),
        .package(path: "Plugins/Shared"),
    ],
    targets: [
        // System libraries: a module map and a shim each.
        .systemLibrary(
            name: "CYAML", path: "Sources/CLibraries/CYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
        .systemLibrary(
            name: "CSQLite", path: "Sources/CLibraries/CSQLite", pkgConfig: "sqlite3",
            providers: [.apt(["libsqlite3-dev"])]),
        .systemLibrary(
            name: "CEdit", path: "Sources/CLibraries/CEdit", pkgConfig: "libedit", providers: [.apt(["libedit-dev"])]),
        .target(name: "CLinux", path: "Sources/CLibraries/CLinux"),
        .target(name: "CConfine", path: "Sources/CLibraries/CConfine"),
        // Layers.
        .target(name: "BattenSystem", dependencies: ["CLinux"], swiftSettings: careful),
        .target(name: "BattenTerminal", dependencies: ["BattenSystem", "CEdit"], swiftSettings: careful),
        .target(
            name: "CBattenPure", linkerSettings: [.linkedLibrary("re2"), .linkedLibrary("crypto"), .linkedLibrary("m")]),
        .target(name: "BattenCore", dependencies: ["CBattenPure", json], swiftSettings: common),
        .target(name: "BattenSpec", dependencies: ["BattenCore", "CYAML"], swiftSettings: careful),
        .target(name: "BattenStore", dependencies: ["BattenCore", "BattenSystem", "CSQLite"], swiftSettings: careful),
        .target(name: "BattenPluginHost", dependencies: ["BattenCore", "BattenSystem", abi], swiftSettings: careful),
        .target(
            name: "BattenConfinement", dependencies: ["BattenCore", "BattenSystem", "BattenPluginHost", "CConfine"],
            swiftSettings: careful),
        .target(
            name: "BattenCheck", dependencies: ["BattenPluginHost", "BattenCore", "BattenSystem", abi, fakeHost],
            swiftSettings: careful),
        .target(name: "BattenEngine", dependencies: ["BattenCore", "BattenSystem"], swiftSettings: common),
        .target(
            name: "BattenCommand",
            dependencies: [
                "BattenCore", "BattenSystem", "BattenSpec", "BattenStore", "BattenPluginHost", "BattenEngine",
                "BattenTerminal", signature,
            ],
            swiftSettings: common),
        .executableTarget(
            name: "batten", dependencies: ["BattenCommand"], swiftSettings: common,
            // An installation keeps the Swift libraries there.
            linkerSettings: [.unsafeFlags(["-Xlinker", "-rpath=$ORIGIN/../lib/batten"])]),
        .executableTarget(
            name: "batten-worker",
            dependencies: ["BattenCheck", "BattenPluginHost", "BattenConfinement", "BattenCore", "BattenSystem"],
            swiftSettings: common),
        // Bundled plugins.
        .executableTarget(
            name: "batten-guardian", path: "Plugins/shell/guardian",
            linkerSettings: [.unsafeFlags(["-Xlinker", "-rpath=$ORIGIN/.."])]),
        .target(name: "CShell", path: "Plugins/shell/link"),
        .target(
            name: "ShellPlugin", dependencies: [sdk, "CShell"], path: "Plugins/shell/plugin", swiftSettings: common,
            linkerSettings: alone),
        .target(name: "CDesktop", path: "Plugins/notify/link"),
        .target(name: "CForeign", path: "Plugins/ffi/link", linkerSettings: [.linkedLibrary("ffi")]),
        .target(
            name: "FFIPlugin", dependencies: [sdk, signature, "CForeign"], path: "Plugins/ffi/plugin",
            swiftSettings: common, linkerSettings: alone),
        .target(
            name: "HTTPPlugin", dependencies: [sdk, transfer], path: "Plugins/http", swiftSettings: common,
            linkerSettings: alone),
        .target(
            name: "LLMPlugin", dependencies: [sdk, transfer], path: "Plugins/llm", exclude: ["prices.json"],
            swiftSettings: common, linkerSettings: alone),
        .target(
            name: "NotifyPlugin", dependencies: [sdk, transfer, "CDesktop"], path: "Plugins/notify/plugin",
            swiftSettings: common, linkerSettings: alone),
        .target(
            name: "FilePlugin", dependencies: [sdk, files], path: "Plugins/file", swiftSettings: common,
            linkerSettings: alone),
        .target(
            name: "SQLPlugin", dependencies: [sdk, files, "CSQLite"], path: "Plugins/sql", swiftSettings: common,
            linkerSettings: alone),
        .target(
            name: "CTransformJQ", dependencies: [abi], path: "Plugins/transform/jq",
            cSettings: [.unsafeFlags(["-fvisibility=hidden"])], linkerSettings: [.linkedLibrary("jq")]),
        .target(
            name: "TransformPlugin", dependencies: [sdk, "CTransformJQ"], path: "Plugins/transform/plugin",
            swiftSettings: common, linkerSettings: alone),
    ]
        + fixtures.map {
            .target(name: "fixture-\($0)", dependencies: [abi], path: "Tests/Fixtures/\($0)", publicHeadersPath: ".")
        }
        + [
            // A library of plain C functions, for the tests of ffi.
            .target(
                name: "fixture-hostile-swift", dependencies: [abi], path: "Tests/Fixtures/hostile-swift",
                swiftSettings: common),
            .target(name: "fixture-functions", path: "Tests/Fixtures/functions", publicHeadersPath: "."),
            .executableTarget(
                name: "batten-bench",
                dependencies: [
                    "BattenCore", "BattenSystem", "BattenSpec", "BattenStore", "BattenPluginHost", "BattenEngine",
                    "CSQLite", "TestSupport",
                ],
                path: "Tests/Benchmarks", swiftSettings: common),
            // Tests: one target a module, shared helpers beside them.
            .target(
                name: "TestSupport", dependencies: ["BattenCore", "BattenSystem"], path: "Tests/TestSupport",
                swiftSettings: common),
            .testTarget(
                name: "BattenSystemTests", dependencies: ["BattenSystem", "TestSupport"], swiftSettings: common),
            .testTarget(
                name: "BattenCoreTests", dependencies: ["BattenCore", "TestSupport"], resources: [.copy("Data")],
                swiftSettings: common),
            .testTarget(name: "BattenSpecTests", dependencies: ["BattenSpec", "TestSupport"], swiftSettings: common),
            .testTarget(name: "BattenStoreTests", dependencies: ["BattenStore", "TestSupport"], swiftSettings: common),
            .testTarget(
                name: "BattenPluginHostTests",
                dependencies: ["BattenPluginHost", "BattenCore", "BattenSystem", "TestSupport", abi],
                swiftSettings: common),
            .testTarget(
                name: "BattenEngineTests", dependencies: ["BattenEngine", "BattenStore", "TestSupport"],
                swiftSettings: common),
            .target(name: "CFaultyDisk", dependencies: ["CSQLite"], path: "Tests/Simulation/FaultyDisk"),
            .testTarget(
                name: "SimulationTests",
                dependencies: [
                    "BattenCore", "BattenEngine", "BattenStore", "BattenSystem", "TestSupport", "CFaultyDisk",
                ],
                path: "Tests/Simulation", exclude: ["FaultyDisk"], swiftSettings: common),
            .testTarget(
                name: "BattenCommandTests",
                dependencies: ["BattenCommand", "BattenCore", "BattenSpec", "BattenSystem", "TestSupport"],
                exclude: ["Golden"], swiftSettings: common),
            .testTarget(name: "BattenPluginTests", dependencies: [sdk], swiftSettings: common),
            .testTarget(
                name: "PluginTests",
                dependencies: [
                    "BattenPluginHost", "BattenSystem", "BattenCore", "TestSupport", sdk, transfer, signature, files,
                ],
                exclude: ["Servers"], swiftSettings: common),
            // A program that confines itself and then tries what it should not be able to do.
            .target(name: "Attempts", path: "Tests/ConfinementTrial/Attempts"),
            .executableTarget(
                name: "confinement-trial",
                dependencies: ["Attempts", "BattenConfinement", "BattenCore", "BattenSystem"],
                path: "Tests/ConfinementTrial/Program", swiftSettings: common),
            .testTarget(
                name: "BattenConfinementTests",
                dependencies: ["BattenPluginHost", "BattenCore", "BattenSystem", "TestSupport"],
                swiftSettings: common),
            .testTarget(
                name: "ABITests", dependencies: ["BattenSystem", "TestSupport"], path: "Tests/ABI",
                exclude: ["Museum", "Sources"], swiftSettings: common),
            .testTarget(
                name: "SDKTests", dependencies: ["BattenSystem", "TestSupport"], path: "Tests/SDK",
                exclude: ["Sources"], swiftSettings: common),
            .testTarget(
                name: "ArchitectureTests", dependencies: ["BattenSystem", "TestSupport"], swiftSettings: common),
            .testTarget(
                name: "ConformanceTests", dependencies: ["BattenCore", "BattenSystem", "TestSupport"],
                path: "Tests/Conformance",
                exclude: ["Cases", "Clock", "Quotas"],
                swiftSettings: common),
        ],
    cLanguageStandard: .c11,
    cxxLanguageStandard: .cxx17
)
