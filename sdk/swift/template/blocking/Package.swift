// swift-tools-version: 6.3
import PackageDescription

let package = Package(
    name: "@ID@",
    products: [.library(name: "batten-plugin-@ID@", type: .dynamic, targets: ["Plugin@TYPE@"])],
    dependencies: [.package(path: "vendor/batten")],
    targets: [
        .target(
            name: "Plugin@TYPE@", dependencies: [.product(name: "BattenPlugin", package: "batten")],
            linkerSettings: [
                // A plugin exports its entry function alone and is never unloaded.
                .unsafeFlags([
                    "-Xlinker", "-z", "-Xlinker", "nodelete",
                    "-Xlinker", "--version-script=\(Context.packageDirectory)/exports.map",
                ]),
                // What is passed on is one file, with the libraries of Swift in it.
                .unsafeFlags(["-static-stdlib", "-no-toolchain-stdlib-rpath"], .when(configuration: .release)),
            ]),
        .testTarget(
            name: "@TYPE@Tests",
            dependencies: ["Plugin@TYPE@", .product(name: "BattenPluginTesting", package: "batten")], path: "Tests"),
    ]
)
