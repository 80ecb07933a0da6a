// swift-tools-version: 6.3
// The Swift SDK for plugin authors: module BattenPlugin over the C header, with a JSON reader of its own.
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
    ],
    cxxLanguageStandard: .cxx17
)
