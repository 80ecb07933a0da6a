// swift-tools-version: 6.3
// The Swift SDK of Batten, as this plugin was made with it; it becomes part of the plugin.
import PackageDescription

let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

let package = Package(
    name: "batten",
    products: [
        .library(name: "BattenPlugin", targets: ["BattenPlugin", "CBattenABI"]),
        .library(name: "BattenPluginTesting", targets: ["BattenPluginTesting"]),
    ],
    targets: [
        .target(name: "CBattenABI"),
        .target(name: "CBattenFakeHost", dependencies: ["CBattenABI"], publicHeadersPath: "."),
        .target(
            name: "CBattenJSON", cxxSettings: [.unsafeFlags(["-fvisibility=hidden", "-O2"])],
            linkerSettings: [.linkedLibrary("m")]),
        .target(name: "BattenPlugin", dependencies: ["CBattenABI", "CBattenJSON"], swiftSettings: settings),
        .target(
            name: "BattenPluginTesting", dependencies: ["BattenPlugin", "CBattenABI", "CBattenFakeHost"],
            swiftSettings: settings),
    ],
    cLanguageStandard: .gnu11,
    cxxLanguageStandard: .cxx17
)
