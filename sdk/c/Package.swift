// swift-tools-version: 6.3
// The C header of the plugin ABI, and a fake host for unit tests of plugins, as modules other packages can import.
import PackageDescription

let package = Package(
    name: "c",
    products: [
        .library(name: "CBattenABI", targets: ["CBattenABI"]),
        .library(name: "CBattenFakeHost", targets: ["CBattenFakeHost"]),
    ],
    targets: [
        .target(
            name: "CBattenABI", path: ".", exclude: ["testing", "template", "examples", "template.c"],
            sources: ["abi.c"], publicHeadersPath: "include"),
        .target(name: "CBattenFakeHost", dependencies: ["CBattenABI"], path: "testing", publicHeadersPath: "."),
    ],
    cLanguageStandard: .c11
)
