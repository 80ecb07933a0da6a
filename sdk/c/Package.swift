// swift-tools-version: 6.3
// The C header of the plugin ABI, as a module other packages can import.
import PackageDescription

let package = Package(
    name: "c",
    products: [.library(name: "CBattenABI", targets: ["CBattenABI"])],
    targets: [.target(name: "CBattenABI", path: ".", sources: ["abi.c"], publicHeadersPath: "include")],
    cLanguageStandard: .c11
)
