import BattenSystem
import TestSupport
import Testing

/// Holds the imports of every source file against the table in docs/architecture.md.
struct ImportLawTests {
    /// Modules that need no entry: the language's own.
    private static let always: Set<String> = ["Swift", "Synchronization"]

    /// What each folder's files may import.
    private static let laws: [(folder: String, may: Set<String>)] = [
        ("Sources/BattenSystem", ["Glibc", "CLinux"]),
        ("Sources/BattenTerminal", ["BattenSystem", "CEdit", "Glibc"]),
        ("Sources/BattenCore", ["CBattenPure", "CBattenJSON"]),
        ("Sources/BattenSpec", ["BattenCore", "CYAML"]),
        ("Sources/BattenStore", ["BattenCore", "BattenSystem", "CSQLite"]),
        ("Sources/BattenPluginHost", ["BattenCore", "BattenSystem", "CBattenABI"]),
        ("Sources/BattenConfinement", ["BattenCore", "BattenSystem", "BattenPluginHost", "CConfine"]),
        ("Sources/BattenEngine", ["BattenCore", "BattenSystem"]),
        (
            "Sources/BattenCommand",
            [
                "BattenCore", "BattenSystem", "BattenSpec", "BattenStore", "BattenPluginHost", "BattenEngine",
                "BattenTerminal", "BattenSignature",
            ]
        ),
        ("Sources/batten", ["BattenCommand", "BattenSystem"]),
        ("Sources/BattenCheck", ["BattenCore", "BattenSystem", "BattenPluginHost", "CBattenABI", "CBattenFakeHost"]),
        (
            "Sources/batten-worker",
            ["BattenCheck", "BattenPluginHost", "BattenConfinement", "BattenCore", "BattenSystem"]
        ),
        ("sdk/swift/Sources/BattenPlugin", ["CBattenABI", "CBattenJSON", "Glibc"]),
        ("sdk/swift/Sources/BattenPluginTesting", ["BattenPlugin", "CBattenABI", "CBattenFakeHost"]),
        ("Plugins/Shared/Sources/BattenTransfer", ["BattenPlugin", "CCurl", "CCrypto", "Glibc", "CBattenABI"]),
        ("Plugins/Shared/Sources/BattenSignature", []),
        ("Plugins/ffi/plugin", ["BattenPlugin", "BattenSignature", "CBattenABI", "CForeign", "Glibc"]),
        ("Plugins/shell/plugin", ["BattenPlugin", "CBattenABI", "Glibc", "CShell"]),
        ("Plugins/Shared/Sources/BattenFiles", ["BattenPlugin", "CFiles"]),
        ("Plugins/transform/plugin", ["BattenPlugin", "CBattenABI", "CTransformJQ"]),
        ("Plugins/file", ["BattenPlugin", "BattenFiles", "CBattenABI"]),
        ("Plugins/sql", ["BattenPlugin", "BattenFiles", "CBattenABI", "CSQLite"]),
        ("Plugins/http", ["BattenPlugin", "BattenTransfer", "CBattenABI", "Glibc"]),
        ("Plugins/llm", ["BattenPlugin", "BattenTransfer", "CBattenABI", "Glibc"]),
        ("Plugins/notify/plugin", ["BattenPlugin", "BattenTransfer", "CBattenABI", "CDesktop", "Glibc"]),
    ]

    @Test func everyImportIsAllowed() throws {
        var broken: [String] = []
        var filesRead = 0
        for law in Self.laws {
            for file in SourceTree.files(under: law.folder, ending: ".swift") {
                filesRead += 1
                for module in SourceTree.imports(of: file)
                where !Self.always.contains(module) && !law.may.contains(module) {
                    broken.append("\(file) imports \(module)")
                }
            }
        }
        #expect(broken == [])
        #expect(filesRead > 50, "the source tree was not found")
    }

    @Test func everySourceFolderHasALaw() {
        let known = Set(Self.laws.map(\.folder))
        let folders = SourceTree.folders(under: "Sources").filter {
            $0 != "Sources/CLibraries" && $0 != "Sources/CBattenPure"
        }
        #expect(folders.filter { !known.contains($0) } == [])
    }

    @Test func foundationIsNowhere() {
        let roots = ["Sources", "Plugins", "sdk/swift/Sources", "Tests"]
        let files = roots.flatMap { SourceTree.files(under: $0, ending: ".swift") }
        let importing = files.filter { file in
            SourceTree.imports(of: file).contains { $0.hasPrefix("Foundation") }
        }
        #expect(importing == [])
    }

    @Test func filesStayReadable() {
        let roots = ["Sources", "Plugins", "sdk/swift/Sources"]
        let long = roots.flatMap { SourceTree.files(under: $0, ending: ".swift") }.filter {
            SourceTree.lines(of: $0).count > 600
        }
        #expect(long == [], "files over 600 lines")
    }

    @Test func uncheckedPromisesHaveTheirReason() {
        var bare: [String] = []
        for file in ["Sources", "Plugins", "sdk/swift/Sources"].flatMap({
            SourceTree.files(under: $0, ending: ".swift")
        }) {
            let lines = SourceTree.lines(of: file)
            for (number, line) in lines.enumerated() {
                guard line.contains("@unchecked Sendable") || line.contains("nonisolated(unsafe)"),
                    !line.contains("//")
                else { continue }
                let around = lines[max(0, number - 6)...min(lines.count - 1, number + 4)]
                if !around.contains(where: { $0.contains("SAFETY:") }) { bare.append("\(file):\(number + 1)") }
            }
        }
        #expect(bare == [], "each needs a SAFETY: line beside it")
    }
}
