// swift-tools-version: 6.3
// What bundled plugins share: the transfer client of those that speak HTTP and the files below declared folders, each
// as one shared library, and the reader of signatures of C functions, which is linked into whoever reads them.
import PackageDescription

let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .treatAllWarnings(as: .error),
]

let package = Package(
    name: "Shared",
    products: [
        .library(name: "BattenTransfer", type: .dynamic, targets: ["BattenTransfer"]),
        .library(name: "BattenSignature", type: .static, targets: ["BattenSignature"]),
        .library(name: "BattenFiles", type: .dynamic, targets: ["BattenFiles"]),
    ],
    dependencies: [.package(path: "../../sdk/swift")],
    targets: [
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .target(
            name: "BattenTransfer",
            dependencies: ["CCurl", "CCrypto", .product(name: "BattenPlugin", package: "swift")],
            swiftSettings: settings),
        .target(name: "BattenSignature", swiftSettings: settings),
        .target(
            name: "CFiles", cSettings: [.unsafeFlags(["-fvisibility=hidden"])],
            linkerSettings: [.linkedLibrary("crypto")]),
        .target(
            name: "BattenFiles", dependencies: ["CFiles", .product(name: "BattenPlugin", package: "swift")],
            swiftSettings: settings),
    ],
    cLanguageStandard: .c11
)
