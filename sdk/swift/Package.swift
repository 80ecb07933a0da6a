// swift-tools-version: 6.3
// The Swift SDK for plugin authors: module BattenPlugin over the C header, with a JSON reader of its own, and a host
// for unit tests.
import PackageDescription

let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
]

let package = Package(
    name: "swift",
    products: [
        .library(name: "BattenPlugin", type: .dynamic, targets: ["BattenPlugin"]),
        // For plugins that are one file.
        .library(name: "BattenPluginStatic", type: .static, targets: ["BattenPlugin"]),
        .library(name: "BattenPluginTesting", targets: ["BattenPluginTesting"]),
        .library(name: "CBattenJSON", targets: ["CBattenJSON"]),
    ],
    dependencies: [.package(path: "../c")],
    targets: [
        .target(
            name: "CBattenJSON", cxxSettings: [.unsafeFlags(["-fvisibility=hidden", "-O2"])],
            linkerSettings: [.linkedLibrary("m")]),
        .target(
            name: "BattenPlugin",
            dependencies: ["CBattenJSON", .product(name: "CBattenABI", package: "c")],
            swiftSettings: settings),
        .target(
            name: "BattenPluginTesting",
            dependencies: [
                "BattenPlugin", .product(name: "CBattenABI", package: "c"),
                .product(name: "CBattenFakeHost", package: "c"),
            ],
            swiftSettings: settings),
    ],
    cxxLanguageStandard: .cxx17
)
