// swift-tools-version: 6.3
// The examples of the Swift SDK, a folder each: a blocking executor, one that waits without a thread, and one that uses
// a quota.
import PackageDescription

let names = ["hello", "timer", "quota"]

func module(_ name: String) -> String { "\(name.prefix(1).uppercased() + name.dropFirst())Example" }

let package = Package(
    name: "examples",
    products: names.map { .library(name: "batten-plugin-\($0)", type: .dynamic, targets: [module($0)]) },
    dependencies: [.package(path: ".."), .package(path: "../../c")],
    targets: names.map { name in
        .target(
            name: module(name),
            dependencies: [
                .product(name: "BattenPluginStatic", package: "swift"), .product(name: "CBattenABI", package: "c"),
            ],
            path: name,
            linkerSettings: [
                .unsafeFlags([
                    "-Xlinker", "-z", "-Xlinker", "nodelete",
                    "-Xlinker", "--version-script=\(Context.packageDirectory)/exports.map",
                ]),
                .unsafeFlags(["-static-stdlib", "-no-toolchain-stdlib-rpath"], .when(configuration: .release)),
            ])
    } + [
        .testTarget(
            name: "QuotaExampleTests",
            dependencies: [
                .target(name: module("quota")), .product(name: "BattenPluginTesting", package: "swift"),
            ],
            path: "tests")
    ]
)
