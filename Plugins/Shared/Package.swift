// swift-tools-version: 6.3
// The transfer client that the HTTP-speaking bundled plugins share, as one shared library.
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
    products: [.library(name: "BattenTransfer", type: .dynamic, targets: ["BattenTransfer"])],
    dependencies: [.package(path: "../../sdk/swift")],
    targets: [
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .target(
            name: "BattenTransfer",
            dependencies: ["CCurl", "CCrypto", .product(name: "BattenPlugin", package: "swift")],
            swiftSettings: settings),
    ]
)
